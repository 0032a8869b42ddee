"""From a tenant's configuration to a client that can be used: the right address, the right sign-in, one pace."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from opsconsole.config import TenantConfig, is_loopback
from opsconsole.domain.clock import Clock, system_clock
from opsconsole.errors import ConfigError
from opsconsole.graph.credentials import Prompt, SignIn
from opsconsole.graph.governor import Governor, PauseBoard, Sleep
from opsconsole.graph.msgraph import SdkClient
from opsconsole.graph.throttle import MAX_WAIT_S, ThrottledClient

ROOTS = {
    "global": "https://graph.microsoft.com",
    "usgov": "https://graph.microsoft.us",
    "usgov_dod": "https://dod-graph.microsoft.us",
    "china": "https://microsoftgraph.chinacloudapi.cn",
}
"""Graph's address in each cloud (graph.md 7)."""


def open_client(
    tenant: TenantConfig,
    env: Mapping[str, str] = os.environ,
    *,
    prompt: Prompt | None = None,
    concurrency: int = 8,
    pauses: PauseBoard | None = None,
    share: Callable[[], int] = lambda: 1,
    clock: Clock = system_clock,
    sleep: Sleep = asyncio.sleep,
    max_wait_s: float = MAX_WAIT_S,
) -> ThrottledClient:
    """Return a client for the tenant; nothing is sent, and no secret read, before the first call.

    ``share`` tells how many engines share the tenant's budget of writes. Raises ConfigError where the address or the sign-in
    may not be used so. A sign-in that fails, or needs a person where ``prompt`` is None, is a GraphFault of the first call.
    The client belongs to the event loop it is first used on.
    """
    root = graph_root(tenant)
    if tenant.auth.method == "static_token" and tenant.base_url is None:
        raise ConfigError(
            f"Tenant {tenant.name}: a fixed token works only with a loopback base_url.",
            "It is for the simulator; sign in to a real tenant with another method.",
        )
    sign_in = SignIn(tenant, env, scope=f"{ROOTS[tenant.cloud]}/.default", prompt=prompt)
    client = SdkClient(root, sign_in, concurrency=concurrency)
    governor = Governor(concurrency, board=pauses, share=share, clock=clock, sleep=sleep)
    return ThrottledClient(client, governor, max_wait_s=max_wait_s)


def graph_root(tenant: TenantConfig) -> str:
    """Return the address of the tenant's Graph. Raises ConfigError for a ``base_url`` that is not on loopback."""
    if tenant.base_url is None:
        return ROOTS[tenant.cloud]
    parts = urlsplit(tenant.base_url)
    if parts.scheme not in ("http", "https") or not is_loopback(parts.hostname or ""):
        raise ConfigError(
            f"Tenant {tenant.name}: base_url is not a loopback address.",
            "It is the simulator's address only; a real tenant is reached through its `cloud`.",
        )
    return tenant.base_url.rstrip("/")
