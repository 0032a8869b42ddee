"""Changing the simulated tenant from a test, through its control API."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from opsconsole.simulator import SimulatorThread


def control(simulator: SimulatorThread, method: str, path: str, body: object = None) -> Any:
    """Return the control API's answer."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{simulator.base_url}/_simulator/{path}", data=data, method=method)
    with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
        return json.loads(answer.read())


def shake(simulator: SimulatorThread, count: int = 5, seed: int = 1) -> list[dict[str, str]]:
    """Change some policies at random and return which."""
    return list(control(simulator, "POST", "shake", {"count": count, "seed": seed}))
