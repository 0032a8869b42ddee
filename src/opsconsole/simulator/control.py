"""The control API under `/_simulator`: what tests, the demo and people use to look at the tenant and change it.

No token is asked for: only loopback can reach it. Bodies and answers are JSON; an error is `{"error": text}`.

    GET    state                              counts per type, groups, filters, requests, faults in force, settings
    GET    snapshot                           {type/id: [assignments]} of everything, made for comparing
    GET    policies/{type}                    [{id, name, assignments, built_in}]
    POST   policies/{type}                    a policy as JSON, kept byte for byte; its assignments are cut out and kept too
    GET    policies/{type}/{id}/assignments   [assignments] exactly as served
    PUT    policies/{type}/{id}/assignments   [assignments], taken as they are; what lacks an id gets one
    DELETE policies/{type}/{id}
    GET    groups                             [{id, name}]
    POST   groups                             {"displayName", "id"?, "membershipRule"?} -> {"id"}
    DELETE groups/{id}
    GET    filters, DELETE filters/{id}
    GET    faults                             [{rule, fired}]
    POST   faults                             [rules] or {"rules": [...]}: added to those in force
    DELETE faults
    GET    log[?since=SEQ]                    [{seq, time, method, path, batch, operation, status, bytes, fault}]
    GET    writes[?since=SEQ]                 the same for writes, with body, approval headers, applied
    DELETE log
    POST   shake                              {"count", "seed"?} -> [{type, id, name, change}]
    POST   latency                            {"ms"}: from now on each request takes this long
    POST   clock                              {"ms"}: moves the tenant's clock forward
    GET    approvals                          [requests for approval]
    POST   approvals/{id}                     {"status": "approved" | "rejected" | "cancelled" | "expired"}
    PUT    settings                           any of denied_types, denied_writes, unavailable_types, protected_types (lists),
                                              unknown_targets ("accept" | "existing" | "refuse")
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from . import control_service, control_tenant
from .control_body import Refused
from .messages import Answer, GraphRequest
from .service import Service

Order = Callable[[Service, list[str], Any], Any]

ORDERS: dict[tuple[str, ...], Order] = {
    ("GET", "state"): control_tenant.state,
    ("GET", "snapshot"): control_tenant.read_snapshot,
    ("GET", "policies", "*"): control_tenant.list_policies,
    ("POST", "policies", "*"): control_tenant.add_policy,
    ("DELETE", "policies", "*", "*"): control_tenant.remove_policy,
    ("GET", "policies", "*", "*", "assignments"): control_tenant.read_assignments,
    ("PUT", "policies", "*", "*", "assignments"): control_tenant.put_assignments,
    ("GET", "groups"): control_tenant.list_groups,
    ("POST", "groups"): control_tenant.add_group,
    ("DELETE", "groups", "*"): control_tenant.remove_group,
    ("GET", "filters"): control_tenant.list_filters,
    ("DELETE", "filters", "*"): control_tenant.remove_filter,
    ("POST", "shake"): control_tenant.shake_policies,
    ("PUT", "settings"): control_tenant.change_settings,
    ("GET", "faults"): control_service.read_faults,
    ("POST", "faults"): control_service.add_faults,
    ("DELETE", "faults"): control_service.clear_faults,
    ("GET", "log"): control_service.read_log,
    ("GET", "writes"): control_service.read_writes,
    ("DELETE", "log"): control_service.clear_log,
    ("POST", "latency"): control_service.set_latency,
    ("POST", "clock"): control_service.move_clock,
    ("GET", "approvals"): control_service.list_approvals,
    ("POST", "approvals", "*"): control_service.settle_approval,
}
"""What can be ordered: method and path, a star for a name; each function gets the names and the body (of a GET: the options)."""


def answer_control(service: Service, request: GraphRequest) -> Answer:
    """The answer to one control request; 404 for what does not exist, 400 for what makes no sense."""
    parts = urlsplit(request.target)
    head, names, tail = _parts([unquote(part) for part in parts.path.strip("/").split("/")[1:]])
    order = ORDERS.get((request.method, *head, *("*" for _ in names), *tail))
    if order is None:
        return _error(404, f"{request.method} {parts.path} is not known; see opsconsole.simulator.control")
    try:
        result = order(service, names, dict(parse_qsl(parts.query)) if request.method == "GET" else request.body)
    except Refused as error:
        return _error(400, str(error))
    except KeyError as error:
        return _error(404, f"there is no {error.args[0]}")
    except ValueError as error:
        return _error(400, str(error))
    return result if isinstance(result, Answer) else _json(200, result)


def _parts(path: list[str]) -> tuple[list[str], list[str], list[str]]:
    """The word a path begins with, the names after it, and what follows two of them."""
    return path[:1], path[1:3], path[3:]


def _json(status: int, result: Any) -> Answer:
    return Answer(status, json.dumps(result).encode(), content_type="application/json")


def _error(status: int, text: str) -> Answer:
    return _json(status, {"error": text})
