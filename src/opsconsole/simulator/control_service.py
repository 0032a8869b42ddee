"""Control requests about the service: faults, log, time, approvals."""

from typing import Any

from .control_body import Refused, decoded, members, number
from .faults import parse_faults
from .service import Service


def read_faults(service: Service, _names: list[str], _body: Any) -> Any:
    """The rules in force."""
    return service.faults.state()


def add_faults(service: Service, _names: list[str], body: bytes) -> Any:
    """More rules."""
    given = decoded(body)
    rules = given.get("rules") if isinstance(given, dict) else given
    if not isinstance(rules, list):
        raise Refused('expected a list of rules, or {"rules": [...]}')
    service.faults.add(parse_faults(rules))
    return {"rules": len(rules)}


def clear_faults(service: Service, _names: list[str], _body: Any) -> Any:
    """No more faults."""
    service.faults.clear()
    return {}


def read_log(service: Service, _names: list[str], body: Any) -> Any:
    """Every request."""
    return service.journal.lines(int(body.get("since", 0)))


def read_writes(service: Service, _names: list[str], body: Any) -> Any:
    """Every write."""
    return service.journal.writes(int(body.get("since", 0)))


def clear_log(service: Service, _names: list[str], _body: Any) -> Any:
    """An empty log."""
    service.journal.clear()
    return {}


def set_latency(service: Service, _names: list[str], body: bytes) -> Any:
    """How long each request takes."""
    service.latency_ms = number(members(body, {"ms"}), "ms", 0)
    return {"latency_ms": service.latency_ms}


def move_clock(service: Service, _names: list[str], body: bytes) -> Any:
    """Time that passes at once."""
    service.tenant.clock.advance(number(members(body, {"ms"}), "ms", 0) / 1000)
    return {"now": f"{service.tenant.clock.now():%Y-%m-%dT%H:%M:%S.%f}Z"}


def list_approvals(service: Service, _names: list[str], _body: Any) -> Any:
    """All requests for approval, with what they are for."""
    requests = service.approvals.requests.values()
    return [{**approval.shown(), "method": approval.method, "url": approval.url} for approval in requests]


def settle_approval(service: Service, names: list[str], body: bytes) -> Any:
    """The second person's decision, or time's."""
    status = members(body, {"status"}).get("status")
    return service.approvals.settle(names[0], str(status)).shown()
