"""Signing in: once for many, renewed in time, never hanging on a person who is not there, and its errors in our own words."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError, aio

from opsconsole.config import AuthConfig, SecretSource, TenantConfig
from opsconsole.domain.failure import Reason
from opsconsole.graph.client import GraphFault
from opsconsole.graph.connect import open_client
from opsconsole.graph.credentials import AADSTS_SENTENCES, AUTHORITIES, EARLY_S, RENEW_PAUSE_S, SignIn

GUID = "0e6aef2c-5d1f-4ae3-8a57-8e1bd0a2c7aa"
DESCRIPTION = (
    f"AADSTS{{}}: Application '{GUID}' (My Secret App) in tenant 'contoso.onmicrosoft.com' for alice@contoso.com. "
    f"Trace ID: {GUID} Correlation ID: {GUID} Timestamp: 2026-03-01"
)


def auth(method: str, **values) -> AuthConfig:
    sources = {
        "secret": SecretSource(env="SECRET"),
        "certificate": SecretSource(env="CERTIFICATE"),
        "token": SecretSource(env="TOKEN"),
    }
    return AuthConfig(method, client_id=GUID, **(sources | values))


class Credential:
    """Stands for azure-identity's own: counts, and gives or raises what it is told."""

    def __init__(self, outcome="token", lifetime_s=3600.0, now=lambda: 0.0):
        self.calls = self.closed = 0
        self.claims = []
        self._outcome, self._lifetime_s, self._now = outcome, lifetime_s, now

    async def get_token(self, *scopes, claims=None, **_):
        self.calls += 1
        self.claims.append(claims)
        await asyncio.sleep(0)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return AccessToken(f"{self._outcome}-{self.calls}", self._now() + self._lifetime_s)

    async def close(self):
        self.closed += 1


def sign_in(method="client_secret", credential=None, *, prompt=None, env=None, clock=None, monkeypatch=None, **tenant):
    made = SignIn(
        TenantConfig("contoso", GUID, auth(method), **tenant),
        env or {},
        scope="s/.default",
        prompt=prompt,
        clock=clock or (lambda: 0.0),
    )
    if credential is not None:
        made._make = lambda: credential
    return made


def test_many_callers_share_one_sign_in_and_its_token():
    credential = Credential()
    made = sign_in(credential=credential)

    async def run():
        return await asyncio.gather(*(made.get_token("s") for _ in range(20)))

    assert {token.token for token in asyncio.run(run())} == {"token-1"}
    assert credential.calls == 1


def test_a_token_is_replaced_before_it_expires_and_at_a_challenge():
    now = [0.0]
    credential = Credential(now=lambda: now[0])
    made = sign_in(credential=credential, clock=lambda: now[0])

    async def run():
        await made.prepare()
        now[0] = 3600 - EARLY_S - 1
        await made.prepare()
        assert credential.calls == 1
        now[0] = 3600 - EARLY_S + 1
        await made.prepare()
        assert credential.calls == 2
        await made.get_token("s", claims="{}")
        assert credential.claims == [None, None, "{}"]

    asyncio.run(run())


def test_a_refused_token_is_renewed_but_not_over_and_over():
    now = [0.0]
    credential = Credential(now=lambda: now[0])
    made = sign_in(credential=credential, clock=lambda: now[0])

    async def run():
        await made.prepare()
        assert await made.renew()
        await made.prepare()
        assert credential.calls == 1  # just made: the refusal was for an older one
        now[0] = RENEW_PAUSE_S + 1
        assert await made.renew()
        await made.prepare()
        assert (credential.calls, credential.closed) == (2, 1)

    asyncio.run(run())


@pytest.mark.parametrize("method", ["static_token", "device_code", "interactive"])
def test_what_would_be_the_same_or_needs_a_person_is_not_renewed(method):
    assert asyncio.run(sign_in(method, Credential()).renew()) is False


@pytest.mark.parametrize("method", ["device_code", "interactive"])
def test_a_method_that_needs_a_person_fails_at_once_where_there_is_none(method):
    with pytest.raises(GraphFault) as caught:
        asyncio.run(sign_in(method).prepare())
    assert caught.value.reason is Reason.AUTHENTICATION_FAILED
    assert method in caught.value.message
    assert "from a terminal" in caught.value.message


def test_a_device_code_is_shown_and_waited_for_off_the_loop(monkeypatch):
    shown = []

    class DeviceCode:
        def __init__(self, **options):
            self.options = options

        def get_token(self, *scopes, **_):
            self.options["prompt_callback"]("https://microsoft.com/devicelogin", "ABCD1234", None)
            shown.append(threading.current_thread() is threading.main_thread())
            return AccessToken("t", 9_999)

    monkeypatch.setattr("azure.identity.DeviceCodeCredential", DeviceCode)
    made = sign_in("device_code", prompt=shown.append)
    assert asyncio.run(made.get_token("s")).token == "t"
    assert shown == [
        "To sign in to contoso, open https://microsoft.com/devicelogin and enter the code ABCD1234.",
        False,
    ]


def failed(error: Exception) -> GraphFault:
    with pytest.raises(GraphFault) as caught:
        asyncio.run(sign_in(credential=Credential(error)).prepare())
    assert caught.value.__suppress_context__
    return caught.value


@pytest.mark.parametrize("number", sorted(AADSTS_SENTENCES))
def test_each_known_code_of_the_token_service_has_a_sentence_and_nothing_else_is_told(number):
    fault = failed(ClientAuthenticationError(f"Authentication failed: {DESCRIPTION.format(number)}"))
    assert fault.reason is Reason.AUTHENTICATION_FAILED
    assert fault.message == f"Signing in failed: {AADSTS_SENTENCES[number]} (AADSTS{number})."


@pytest.mark.parametrize(
    ("error", "reason", "said"),
    [
        (
            ClientAuthenticationError(DESCRIPTION.format("999999")),
            Reason.AUTHENTICATION_FAILED,
            "refused (AADSTS999999)",
        ),
        (
            CredentialUnavailableError(f"Please run az login as alice@contoso.com {GUID}"),
            Reason.AUTHENTICATION_FAILED,
            "not available",
        ),
        (
            ServiceRequestError("https://login.microsoftonline.com/x failed"),
            Reason.NETWORK_UNREACHABLE,
            "could not be reached",
        ),
        (ValueError("could not deserialize key -----BEGIN"), Reason.AUTHENTICATION_FAILED, "cannot be used"),
        (RuntimeError(f"secret=hunter2 {GUID}"), Reason.AUTHENTICATION_FAILED, "(RuntimeError)"),
    ],
)
def test_every_error_of_signing_in_becomes_a_clean_fault(error, reason, said):
    fault = failed(error)
    assert fault.reason is reason
    assert said in fault.message
    for leak in (GUID, "alice", "contoso", "hunter2", "https", "BEGIN", "My Secret App"):
        assert leak not in fault.message


def test_a_secret_that_is_not_there_is_named_by_its_place():
    with pytest.raises(GraphFault) as caught:
        asyncio.run(sign_in("client_secret").prepare())
    assert "environment variable SECRET is not set" in caught.value.message


def test_signing_in_does_not_take_forever(monkeypatch):
    monkeypatch.setattr("opsconsole.graph.credentials.SIGN_IN_TIMEOUT_S", 0.05)

    class Slow(Credential):
        async def get_token(self, *scopes, **_):
            await asyncio.sleep(5)

    with pytest.raises(GraphFault) as caught:
        asyncio.run(sign_in(credential=Slow()).prepare())
    assert caught.value.reason is Reason.AUTHENTICATION_FAILED


ENV = {"SECRET": "s3cr3t", "CERTIFICATE": "no certificate", "TOKEN": "t"}


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("client_secret", aio.ClientSecretCredential),
        ("managed_identity", aio.ManagedIdentityCredential),
        ("azure_cli", aio.AzureCliCredential),
        ("default", aio.DefaultAzureCredential),
    ],
)
def test_each_method_makes_its_own_credential(method, kind):
    async def run():
        credential = sign_in(method, env=ENV)._make()
        assert isinstance(credential, kind)
        await credential.close()

    asyncio.run(run())


@pytest.mark.parametrize("cloud", sorted(AUTHORITIES))
def test_a_tenant_signs_in_at_its_own_cloud(cloud, monkeypatch):
    made = []
    monkeypatch.setattr(
        "azure.identity.aio.ClientSecretCredential", lambda *ids, **options: made.append((ids, options))
    )
    sign_in("client_secret", env=ENV, cloud=cloud)._make()
    assert made == [((GUID, GUID, "s3cr3t"), {"authority": AUTHORITIES[cloud]})]


def test_a_certificate_that_is_none_is_said_so():
    with pytest.raises(GraphFault) as caught:
        asyncio.run(sign_in("certificate", env=ENV).prepare())
    assert "certificate" in caught.value.message
    assert "no certificate" not in caught.value.message


def test_closing_closes_the_credential_and_an_unused_one_harmlessly():
    credential = Credential()
    made = sign_in(credential=credential)

    async def run():
        await made.close()
        await made.prepare()
        await made.close()

    asyncio.run(run())
    assert credential.closed == 1


def test_the_libraries_keep_off_the_terminal_from_before_the_first_sign_in() -> None:
    logger = logging.getLogger("azure")
    kept = logger.handlers[:], logger.propagate
    try:
        logger.handlers, logger.propagate = [], True
        open_client(TenantConfig("contoso", GUID, auth=auth("client_secret")), {"SECRET": "x"}, concurrency=1)
        assert logger.handlers and not logger.propagate
    finally:
        logger.handlers, logger.propagate = kept
