"""Groups and assignment filters: their names by id, and ids by exact name, in bulk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from opsconsole.domain.assignment import ALL_DEVICES_GROUP, ALL_USERS_GROUP
from opsconsole.domain.backup import DirectoryName
from opsconsole.domain.failure import Failure, FailureCode
from opsconsole.graph.client import GraphAnswer, GraphFault, GraphRequest
from opsconsole.graph.entries import clean_name
from opsconsole.graph.errors import classify
from opsconsole.graph.pages import RefusedAnswer, follow
from opsconsole.graph.throttle import Outcome, ThrottledClient

MAX_IDS = 1000
"""What ``getByIds`` takes in one call (graph.md 6)."""

MAX_CLAUSES = 15
"""Clauses of one ``or`` chain; the sixteenth is answered 400 (docs-contrib #1238)."""

MAX_FILTER_LENGTH = 1500
"""An encoded filter of this length leaves room for the rest of a URL of about 2,048 characters."""

GROUP_FIELDS = "id,displayName,mailNickname,securityEnabled,groupTypes,membershipRule"
_GROUP_DETAILS = ("mailNickname", "securityEnabled", "groupTypes", "membershipRule")
_FILTER_DETAILS = ("platform", "assignmentFilterManagementType", "rule")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BUILT_IN = {ALL_DEVICES_GROUP: "All devices", ALL_USERS_GROUP: "All users"}


class GraphProblem(Exception):
    """The directory could not be asked: that is not the same as an empty answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


async def resolve_groups(
    client: ThrottledClient, ids: Iterable[str], *, code: FailureCode = FailureCode.FETCH_FAILED
) -> dict[str, DirectoryName]:
    """Return each group by its lower-case id, those that are gone included. Raises GraphProblem."""
    wanted = sorted({group_id.lower() for group_id in ids if group_id})
    found = {
        group_id: DirectoryName("group", group_id, _BUILT_IN[group_id]) for group_id in wanted if group_id in _BUILT_IN
    }
    asked = [group_id for group_id in wanted if group_id not in _BUILT_IN and _GUID.fullmatch(group_id)]
    # One id that is no GUID makes Graph refuse a whole getByIds; asked for alone it is merely not found.
    nameless = [group_id for group_id in wanted if group_id not in _BUILT_IN and not _GUID.fullmatch(group_id)]
    for start in range(0, len(asked), MAX_IDS):
        chunk = asked[start : start + MAX_IDS]
        groups = await _by_ids(client, chunk, code)
        if groups is None:  # without Directory.Read.All; lists and single groups need less
            listed, rest = await _by_filter(client, chunk)
            found.update(listed)
            nameless += rest
            continue
        for group_id, group in groups.items():
            found[group_id] = _group(group)
            if not found[group_id].name:  # a sign-in with little permission gets ids only
                nameless.append(group_id)
    if nameless:
        found.update(await _one_by_one(client, nameless, found, code))
    return {group_id: found.get(group_id) or DirectoryName("group", group_id, "", is_gone=True) for group_id in wanted}


async def _by_ids(client: ThrottledClient, ids: Sequence[str], code: FailureCode) -> dict[str, dict[str, Any]] | None:
    body = msgspec.json.encode({"ids": list(ids), "types": ["group"]})
    groups: dict[str, dict[str, Any]] = {}
    try:
        async for page in follow(client, GraphRequest("POST", "/directoryObjects/getByIds", body)):
            for group in map(_object, page.entries):
                groups[str(group.get("id") or "").lower()] = group
    except RefusedAnswer as refused:
        if refused.answer.status == 403:
            return None
        raise GraphProblem(classify(refused.answer, code)) from None
    except GraphFault as fault:
        raise GraphProblem(classify(fault, code)) from None
    return groups


async def _by_filter(client: ThrottledClient, ids: Sequence[str]) -> tuple[dict[str, DirectoryName], list[str]]:
    """Return what lists by id hold, fifteen ids each, twenty lists a call; and the ids that no list answered for.

    An id that a whole list leaves out is gone.
    """
    chunks = [ids[start : start + MAX_CLAUSES] for start in range(0, len(ids), MAX_CLAUSES)]
    requests = [
        GraphRequest("GET", f"/groups?$filter={_id_in(chunk)}&$select={GROUP_FIELDS}", max_tries=2) for chunk in chunks
    ]
    found: dict[str, DirectoryName] = {}
    rest: list[str] = []
    for chunk, request, outcome in zip(chunks, requests, await client.batch(requests), strict=True):
        try:
            groups = [_group(value) for value in await _collect(client, request, outcome, FailureCode.FETCH_FAILED)]
        except GraphProblem:
            rest += chunk
            continue
        named = {group.id: group for group in groups}
        found |= {one: named.get(one) or DirectoryName("group", one, "", is_gone=True) for one in chunk}
    return found, rest


def _id_in(ids: Sequence[str]) -> str:
    return quote("id in (" + ",".join(f"'{one}'" for one in ids) + ")", safe="")


async def _one_by_one(
    client: ThrottledClient, ids: Sequence[str], known: dict[str, DirectoryName], code: FailureCode
) -> dict[str, DirectoryName]:
    outcomes = await client.batch(
        [GraphRequest("GET", f"/groups/{quote(group_id, safe='')}?$select={GROUP_FIELDS}") for group_id in ids]
    )
    found: dict[str, DirectoryName] = {}
    for group_id, outcome in zip(ids, outcomes, strict=True):
        is_no_id = isinstance(outcome, GraphAnswer) and outcome.status == 400 and not _GUID.fullmatch(group_id)
        if is_no_id or (isinstance(outcome, GraphAnswer) and outcome.status == 404):
            found[group_id] = DirectoryName("group", group_id, "", is_gone=True)
        elif isinstance(outcome, GraphAnswer) and outcome.is_success:
            found[group_id] = _group(_object(outcome.body), group_id)
        elif group_id in known:
            found[group_id] = known[group_id]
        else:
            raise GraphProblem(classify(outcome, code))
    return found


async def find_groups_by_name(
    client: ThrottledClient, names: Iterable[str], *, code: FailureCode = FailureCode.PREVIEW_FAILED
) -> dict[str, list[DirectoryName]]:
    """Return for each name the groups that have exactly it: none, one or several. Raises GraphProblem."""
    found: dict[str, list[DirectoryName]] = {name: [] for name in names if name}
    paths = [f"/groups?$filter={clauses}&$select={GROUP_FIELDS}&$top=999" for clauses in _filters(sorted(found))]
    requests = [GraphRequest("GET", path) for path in paths]
    for request, outcome in zip(requests, await client.batch(requests), strict=True):
        for group in await _collect(client, request, outcome, code):
            name = _group(group)
            if name.name in found and name.id not in {known.id for known in found[name.name]}:
                found[name.name].append(name)
    return found


def _filters(names: Sequence[str]) -> list[str]:
    """Return ``$filter`` values, percent-encoded, that ask for all names within Graph's limits."""
    joint = quote(" or ")
    filters: list[str] = []
    clauses: list[str] = []
    for name in names:
        clause = quote("displayName eq '" + name.replace("'", "''") + "'", safe="", errors="replace")
        length = sum(map(len, clauses)) + len(clauses) * len(joint) + len(clause)
        if clauses and (len(clauses) == MAX_CLAUSES or length > MAX_FILTER_LENGTH):
            filters.append(joint.join(clauses))
            clauses = []
        clauses.append(clause)
    return [*filters, joint.join(clauses)] if clauses else filters


async def list_filters(
    client: ThrottledClient, *, code: FailureCode = FailureCode.FETCH_FAILED
) -> dict[str, DirectoryName]:
    """Return every assignment filter by its lower-case id. Raises GraphProblem: a refusal is not *no filters*."""
    try:
        pages = [page async for page in follow(client, GraphRequest("GET", "/deviceManagement/assignmentFilters"))]
    except RefusedAnswer as refused:
        raise GraphProblem(classify(refused.answer, code)) from None
    except GraphFault as fault:
        raise GraphProblem(classify(fault, code)) from None
    filters = [_object(entry) for page in pages for entry in page.entries]
    return {name.id: name for name in (_name("filter", value, _FILTER_DETAILS) for value in filters)}


async def _collect(
    client: ThrottledClient, request: GraphRequest, first: Outcome, code: FailureCode
) -> list[dict[str, Any]]:
    try:
        if isinstance(first, GraphFault):
            raise first
        pages = [page async for page in follow(client, request, first=first)]
    except RefusedAnswer as refused:
        raise GraphProblem(classify(refused.answer, code)) from None
    except GraphFault as fault:
        raise GraphProblem(classify(fault, code)) from None
    return [_object(entry) for page in pages for entry in page.entries]


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}


def _group(value: dict[str, Any], group_id: str = "") -> DirectoryName:
    return _name("group", value if value.get("id") else {**value, "id": group_id}, _GROUP_DETAILS)


def _name(kind: str, value: dict[str, Any], fields: Sequence[str]) -> DirectoryName:
    details = {field: value[field] for field in fields if value.get(field) is not None}
    return DirectoryName(
        kind,
        str(value.get("id") or "").lower(),
        clean_name(str(value.get("displayName") or "")),
        details=json.dumps(details, ensure_ascii=True, sort_keys=True),
    )
