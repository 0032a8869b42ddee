"""Signing in: one credential for each method, made when first needed, its errors told in our own words."""

from __future__ import annotations

import asyncio
import inspect
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from opsconsole.config import AuthConfig, TenantConfig, read_secret, read_secret_bytes
from opsconsole.domain.failure import Reason
from opsconsole.errors import ConfigError
from opsconsole.graph.client import GraphFault

Prompt = Callable[[str], None]
"""Shows a sentence to the person who signs in. Called from a worker thread."""

AUTHORITIES = {
    "global": "https://login.microsoftonline.com",
    "usgov": "https://login.microsoftonline.us",
    "usgov_dod": "https://login.microsoftonline.us",
    "china": "https://login.chinacloudapi.cn",
}
"""Where each cloud signs in (graph.md 7)."""

PERSONAL_METHODS = frozenset({"device_code", "interactive"})
"""Methods that need a person at a terminal."""

SIGN_IN_TIMEOUT_S = 60.0
"""For methods that need nobody: token services answer in seconds."""

PERSON_TIMEOUT_S = 900.0
"""For methods that wait for a person: a device code is valid for 15 minutes."""

EARLY_S = 300.0
"""A token is replaced this long before it expires, so that no call starts with one about to end."""

RENEW_PAUSE_S = 30.0
"""A token younger than this is not replaced again: another call has just done it."""

_AADSTS = re.compile(r"AADSTS(\d{4,8})")

AADSTS_SENTENCES = {
    "7000215": "the client secret is wrong (its value is needed, not its id)",
    "70002": "the client secret or certificate is wrong",
    "50012": "the client secret or certificate is wrong",
    "700027": "the certificate is not registered with the application, or has expired",
    "7000222": "the client secret has expired",
    "700016": "the application does not exist in this tenant",
    "90002": "the tenant does not exist",
    "900023": "the tenant id is not valid",
    "65001": "nobody has consented to the application's permissions",
    "50020": "the account does not belong to this tenant",
    "700082": "the sign-in is too old; sign in again",
    "53003": "a conditional access policy blocks this sign-in",
    "50076": "another factor is required; sign in again",
    "50079": "another factor must be set up first",
    "50126": "user name or password is wrong",
    "7000112": "the application is disabled in this tenant",
    "7000218": "this application must sign in with a secret or certificate",
}
"""What to say for each code of the token service; its own descriptions name applications, tenants and people."""


class SignIn:
    """A token credential as azure-core means it, for one tenant: caches its token, signs in once for many callers.

    Raises GraphFault(authentication_failed, or network_unreachable) with clean text.
    """

    def __init__(
        self,
        tenant: TenantConfig,
        env: Mapping[str, str],
        *,
        scope: str,
        prompt: Prompt | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tenant = tenant
        self._env = env
        self.scope = scope
        self._prompt = prompt
        self._clock = clock
        self._credential: Any = None
        self._token: Any = None
        self._token_at = 0.0
        self._lock = asyncio.Lock()

    async def prepare(self) -> None:
        """Have a token at hand before a call's own time starts to run: a person may take minutes."""
        if not self._is_fresh():
            await self.get_token(self.scope)

    async def get_token(self, *scopes: str, claims: str | None = None, **kwargs: Any) -> Any:
        """Return an AccessToken; with ``claims`` (a conditional access challenge) always a new one."""
        if claims is None and self._is_fresh():
            return self._token
        async with self._lock:
            if claims is None and self._is_fresh():
                return self._token
            self._token = await self._fetch(scopes, claims, kwargs)
            self._token_at = self._clock()
            return self._token

    async def renew(self) -> bool:
        """Forget the token and what the library cached; False where a new one would be the same, or needs a person."""
        if self._tenant.auth.method in PERSONAL_METHODS or self._tenant.auth.method == "static_token":
            return False
        async with self._lock:
            if self._token is not None and self._clock() - self._token_at > RENEW_PAUSE_S:
                await self._drop()
        return True

    async def close(self) -> None:
        """Close the credential's own connections."""
        async with self._lock:
            await self._drop()

    def _is_fresh(self) -> bool:
        return self._token is not None and self._clock() < self._token.expires_on - EARLY_S

    async def _drop(self) -> None:
        credential, self._credential, self._token = self._credential, None, None
        closing = getattr(credential, "close", None)
        if closing is not None:
            result = closing()
            if inspect.isawaitable(result):
                await result

    async def _fetch(self, scopes: tuple[str, ...], claims: str | None, kwargs: dict[str, Any]) -> Any:
        method = self._tenant.auth.method
        if method in PERSONAL_METHODS and self._prompt is None:
            raise GraphFault(
                Reason.AUTHENTICATION_FAILED,
                f"The sign-in method {method} needs a person at a terminal, and there is none. "
                "Run it from a terminal, or use client_secret, certificate or managed_identity.",
            )
        try:
            async with asyncio.timeout(PERSON_TIMEOUT_S if method in PERSONAL_METHODS else SIGN_IN_TIMEOUT_S):
                if self._credential is None:
                    self._credential = self._make()
                if method in PERSONAL_METHODS:
                    return await asyncio.to_thread(self._credential.get_token, *scopes, claims=claims, **kwargs)
                return await self._credential.get_token(*scopes, claims=claims, **kwargs)
        except ConfigError as error:
            raise GraphFault(Reason.AUTHENTICATION_FAILED, str(error)) from None
        except TimeoutError:
            raise GraphFault(Reason.AUTHENTICATION_FAILED, "Signing in took too long.") from None
        except Exception as error:
            raise _explain(error) from None

    def _make(self) -> Any:
        auth = self._tenant.auth
        if auth.method == "static_token":
            return _StaticToken(read_secret(auth.token, self._env) if auth.token else "")
        common = {"authority": AUTHORITIES[self._tenant.cloud]}
        if auth.method in PERSONAL_METHODS:
            return self._make_personal(auth, common)
        from azure.identity import aio

        if auth.method == "client_secret":
            secret = read_secret(auth.secret, self._env) if auth.secret else ""
            return aio.ClientSecretCredential(self._tenant.tenant_id, auth.client_id, secret, **common)
        if auth.method == "certificate":
            password = read_secret(auth.certificate_password, self._env) if auth.certificate_password else None
            content = read_secret_bytes(auth.certificate, self._env) if auth.certificate else b""
            return aio.CertificateCredential(
                self._tenant.tenant_id, auth.client_id, certificate_data=content, password=password, **common
            )
        if auth.method == "managed_identity":
            return aio.ManagedIdentityCredential(**({"client_id": auth.client_id} if auth.client_id else {}))
        if auth.method == "azure_cli":
            return aio.AzureCliCredential(tenant_id=self._tenant.tenant_id)
        return aio.DefaultAzureCredential(
            **common, **({"managed_identity_client_id": auth.client_id} if auth.client_id else {})
        )

    def _make_personal(self, auth: AuthConfig, common: dict[str, Any]) -> Any:
        from azure.identity import DeviceCodeCredential, InteractiveBrowserCredential

        show = self._prompt or (lambda _: None)
        name = self._tenant.name
        if auth.method == "device_code":

            def tell(address: str, code: str, _expires: object) -> None:
                show(f"To sign in to {name}, open {address} and enter the code {code}.")

            return DeviceCodeCredential(
                client_id=auth.client_id, tenant_id=self._tenant.tenant_id, prompt_callback=tell, **common
            )
        show(f"To sign in to {name}, use the browser window that opens now.")
        return InteractiveBrowserCredential(client_id=auth.client_id, tenant_id=self._tenant.tenant_id, **common)


class _StaticToken:
    """The simulator's token, which never expires."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get_token(self, *_scopes: str, **_kwargs: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, 2**40)


def _explain(error: Exception) -> GraphFault:
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError
    from azure.identity import CredentialUnavailableError

    if isinstance(error, GraphFault):
        return error
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return GraphFault(Reason.NETWORK_UNREACHABLE, "The sign-in service could not be reached from this machine.")
    match = _AADSTS.search(str(error))
    if match:
        known = AADSTS_SENTENCES.get(match[1], "the sign-in service refused")
        return GraphFault(Reason.AUTHENTICATION_FAILED, f"Signing in failed: {known} (AADSTS{match[1]}).")
    if isinstance(error, CredentialUnavailableError):
        return GraphFault(
            Reason.AUTHENTICATION_FAILED, "Signing in failed: this sign-in method is not available on this machine."
        )
    if isinstance(error, ValueError):
        return GraphFault(
            Reason.AUTHENTICATION_FAILED, "Signing in failed: the certificate, its password or an id cannot be used."
        )
    return GraphFault(Reason.AUTHENTICATION_FAILED, f"Signing in failed ({type(error).__name__}).")
