"""The checks of `doctor` that ask Graph: sign-in, reachability, permissions per policy type, and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from email.utils import parsedate_to_datetime

from opsconsole.cli.diagnosis import Diagnosis
from opsconsole.config import Config, TenantConfig
from opsconsole.domain.clock import system_clock
from opsconsole.domain.failure import REASONS, FailureCode, Reason, Subject
from opsconsole.errors import ConfigError
from opsconsole.graph.checking import AccessCheck, check_directory, check_type
from opsconsole.graph.client import GraphFault, GraphRequest
from opsconsole.graph.connect import open_client
from opsconsole.graph.credentials import Prompt
from opsconsole.graph.errors import classify
from opsconsole.graph.policy_types import supported_types
from opsconsole.graph.throttle import ThrottledClient

PATIENCE_S = 15.0
"""Somebody waits for the answer: a tenant that asks for more patience is told of, not waited for."""

SKEW_WARN_S = 60.0
"""Leases and sign-in allow for some difference; a minute is more than a clock that is kept has."""

SKEW_FAIL_S = 300.0
"""Beyond five minutes, sign-in services refuse tokens."""

FIRST_REQUEST = GraphRequest("GET", "/deviceManagement/deviceConfigurations?$top=1&$select=id", max_tries=1)
"""Asks for as little as possible; what counts is that anything answers."""

ANSWERED = frozenset({Reason.PERMISSION_DENIED, Reason.LICENSE_REQUIRED, Reason.UNSUPPORTED_POLICY_TYPE})
"""Reasons that only a tenant that was reached, and a sign-in that worked, can give."""


STEPS = {
    Reason.AUTHENTICATION_FAILED: "Check the secret or certificate, its expiry, the client id and the tenant id.",
    Reason.NETWORK_UNREACHABLE: "Check the network, the proxy and `base_url`.",
    Reason.STORE_UNAVAILABLE: "Mend the store first: its line above says how.",
}
"""Next steps of this command's own, where the general one is to run it."""


def step_of(reason: Reason) -> str:
    """Return what to do about a reason that the doctor found."""
    return STEPS.get(reason) or REASONS[reason].next_step


def examine_tenants(
    found: Diagnosis,
    config: Config,
    env: Mapping[str, str],
    prompt: Prompt | None,
    *,
    unready: AbstractSet[str] = frozenset(),
) -> None:
    """Ask each tenant's Graph, and add what was found, tenant by tenant; ``unready`` ones lack a secret and are not asked."""
    asyncio.run(_examine_all(found, config, env, prompt, unready))


async def _examine_all(
    found: Diagnosis, config: Config, env: Mapping[str, str], prompt: Prompt | None, unready: AbstractSet[str]
) -> None:
    parts = [Diagnosis() for _ in config.tenants]
    await asyncio.gather(
        *(
            _examine(part, tenant, env, prompt, config.engine.graph_concurrency)
            for part, tenant in zip(parts, config.tenants, strict=True)
            if tenant.name not in unready
        )
    )
    for part, tenant in zip(parts, config.tenants, strict=True):
        if tenant.name in unready:
            part.warn(
                f"{tenant.name}: sign-in", "Not tried: a secret or an id is missing.", "Mend that first, as said above."
            )
        found.lines.extend(part.lines)


async def _examine(
    found: Diagnosis, tenant: TenantConfig, env: Mapping[str, str], prompt: Prompt | None, concurrency: int
) -> None:
    try:
        client = open_client(tenant, env, prompt=prompt, concurrency=concurrency, max_wait_s=PATIENCE_S)
    except ConfigError as error:
        found.fail(f"{tenant.name}: Graph", error.message, error.hint)
        return
    try:
        if await _reach(found, tenant, client):
            await _look_at_permissions(found, tenant, client)
    finally:
        await client.close()


async def _reach(found: Diagnosis, tenant: TenantConfig, client: ThrottledClient) -> bool:
    """Send the first request; tell of sign-in, reachability and the clock; return whether it is worth going on."""
    asked_at = system_clock()
    try:
        answer = await client.send(FIRST_REQUEST)
    except GraphFault as fault:
        step = "sign-in" if fault.reason is Reason.AUTHENTICATION_FAILED else "reachability"
        found.fail(f"{tenant.name}: {step}", fault.message, step_of(fault.reason))
        return False
    _look_at_clock(found, tenant, answer.headers.get("date", ""), asked_at)
    if not answer.is_success:
        failure = classify(answer, FailureCode.CHECK_FAILED, Subject())
        if failure.reason not in ANSWERED:
            step = "sign-in" if failure.reason is Reason.AUTHENTICATION_FAILED else "reachability"
            found.fail(f"{tenant.name}: {step}", failure.message, step_of(failure.reason))
            return False
    found.ok(f"{tenant.name}: sign-in", f"Graph accepted the token ({tenant.auth.method})")
    found.ok(f"{tenant.name}: reachability", client.root)
    return True


def _look_at_clock(found: Diagnosis, tenant: TenantConfig, date: str, asked_at: datetime) -> None:
    try:
        skew_s = (parsedate_to_datetime(date) - asked_at).total_seconds()
    except (ValueError, TypeError):
        return
    line, words = f"{tenant.name}: clock", f"{abs(skew_s):.0f} s {'behind' if skew_s > 0 else 'ahead of'} Graph's"
    if abs(skew_s) < SKEW_WARN_S:
        found.ok(line, "this machine's clock agrees with Graph's")
    elif abs(skew_s) < SKEW_FAIL_S:
        found.warn(line, f"This machine's clock is {words}.", "Let the operating system keep the time (NTP).")
    else:
        found.fail(
            line, f"This machine's clock is {words}.", "Set it: sign-in services refuse tokens beyond five minutes."
        )


async def _look_at_permissions(found: Diagnosis, tenant: TenantConfig, client: ThrottledClient) -> None:
    answers = await asyncio.gather(*(check_type(client, one.key) for one in supported_types()))
    for answer in (*answers, *await check_directory(client)):
        _tell(found, tenant, answer)


def _tell(found: Diagnosis, tenant: TenantConfig, answer: AccessCheck) -> None:
    line, failure = f"{tenant.name}: {answer.name}", answer.failure
    if failure is None:
        found.ok(line, f"can be read ({answer.permission})")
    elif failure.reason is Reason.UNSUPPORTED_POLICY_TYPE:
        found.warn(line, failure.message, step_of(failure.reason))
    elif failure.reason is Reason.PERMISSION_DENIED:
        found.fail(line, failure.message, f"Grant {answer.permission} to the application, with admin consent.")
    else:
        found.fail(line, failure.message, step_of(failure.reason))
