"""Answers about the directory: groups, assignment filters, the organisation."""

import json
from typing import Any

from .call import Call
from .directory import Filter, Group
from .errors import GraphError, directory_object_gone, not_found
from .messages import Answer
from .pages import page_of
from .policy import METADATA
from .query import MAX_TOP, select
from .reads import filter_test
from .shelf import Shelf

MAX_IDS = 1000
"""Most ids that one getByIds takes."""


def get_by_ids(call: Call) -> Answer:
    """The groups among the ids asked for; what does not exist is absent, without a word."""
    try:
        body: Any = json.loads(call.request.body)
        ids, types = body["ids"], body.get("types")
        valid = isinstance(ids, list) and all(isinstance(one, str) for one in ids)
    except (ValueError, KeyError, TypeError, AttributeError):
        valid = False
    if not valid or not 1 <= len(ids) <= MAX_IDS:
        raise GraphError(
            400, "Request_BadRequest", f"Invalid number of ids: from 1 to {MAX_IDS} are allowed.", shape="plain"
        )
    known = call.tenant.directory.groups
    wanted = dict.fromkeys(one.lower() for one in ids) if _asks_for_groups(types) else {}
    found = [group for group in map(known.get, wanted) if group is not None]
    entries = b",".join([b'{"@odata.type":"#microsoft.graph.group",' + group.body[1:] for group in found])
    return Answer(200, f'{{"@odata.context":"{METADATA}directoryObjects","value":['.encode() + entries + b"]}")


def _asks_for_groups(types: object) -> bool:
    """Whether groups are among the kinds wanted; none named means all."""
    return not isinstance(types, list) or not types or bool({"group", "directoryObject"} & set(map(str, types)))


def list_groups(call: Call) -> Answer:
    """A page of groups, by name or id where a filter says so."""
    query = call.query
    if query.top is not None and query.top > MAX_TOP:
        raise GraphError(
            400,
            "Request_BadRequest",
            f"Invalid page size specified: '{query.top}'. Must be between 1 and {MAX_TOP} inclusive.",
            shape="plain",
        )
    groups = call.tenant.directory.groups
    if query.filter:
        test = filter_test(query.filter)
        left: Shelf[Group] = Shelf()
        for group in groups:
            if test({"id": group.id, "displayName": group.name}):
                left.add(group)
        groups = left
    context = "groups" + (f"({','.join(query.select)})" if query.select else "")
    return page_of(call, groups, lambda group: _selected(call, group.body), context=context)


def read_group(call: Call) -> Answer:
    """One group; 404 where it is gone."""
    group = call.tenant.directory.groups.get(call.route.object_id)
    if group is None:
        raise directory_object_gone(call.route.object_id)
    return Answer(200, f'{{"@odata.context":"{METADATA}groups/$entity",'.encode() + _selected(call, group.body)[1:])


def list_filters(call: Call) -> Answer:
    """A page of assignment filters."""

    def render(found: Filter) -> bytes:
        return _selected(call, found.body)

    return page_of(call, call.tenant.directory.filters, render, context="deviceManagement/assignmentFilters")


def read_filter(call: Call) -> Answer:
    """One assignment filter; 404 where it is gone."""
    found = call.tenant.directory.filters.get(call.route.object_id)
    if found is None:
        raise not_found()
    head = f'{{"@odata.context":"{METADATA}deviceManagement/assignmentFilters/$entity",'
    return Answer(200, head.encode() + _selected(call, found.body)[1:])


def read_organization(call: Call) -> Answer:
    """The tenant's own entry."""
    tenant = call.tenant
    entry = {
        "id": tenant.id,
        "displayName": tenant.name,
        "tenantType": "AAD",
        "countryLetterCode": "NL",
        "verifiedDomains": [{"name": "northwind.example", "isDefault": True, "isInitial": True, "type": "Managed"}],
    }
    return Answer(200, json.dumps({"@odata.context": f"{METADATA}organization", "value": [entry]}).encode())


def _selected(call: Call, body: bytes) -> bytes:
    return select(body, call.query.select) if call.query.select else body
