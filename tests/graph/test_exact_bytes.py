"""What is stored is cut out of the answer's bytes (promise 4): over every recorded export, over HTTP, through the real SDK."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.graph.assignments import PolicyRef, read_assignments
from opsconsole.graph.connect import open_client
from opsconsole.graph.listing import list_policies
from opsconsole.simulator import tenant_from_exports
from opsconsole.simulator.jsontext import elements, members

from .raw_server import body, raw_server
from .world import Scripted, Time, answer, fixtures, on, simulated_tenant, throttled

KEY = "deviceConfiguration"


def recorded() -> list[str]:
    """Return every recorded JSON file as text, as it stands there but for a byte-order mark."""
    texts = []
    for path in sorted(fixtures().rglob("*.json")):
        content = path.read_bytes()
        if content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            texts.append(content.decode("utf-8-sig").strip())
    return texts


def member(text: str, name: str) -> str | None:
    """Cut a member out of an object by the simulator's own reading of JSON."""
    found = [one for one in members(text) if one.key == name]
    return text[found[-1].value : found[-1].end] if found else None


def as_policy(text: str, number: int) -> str:
    """Return an entry of a list that holds ``text``: itself where it is an object, with an id put in front."""
    if not text.startswith("{"):
        return f'{{"id":"p{number}","content":{text}}}'
    return f'{{"id":"p{number}",{text[1:].lstrip()}' if text[1:].lstrip() != "}" else f'{{"id":"p{number}"}}'


def test_every_recorded_export_comes_through_as_it_stands():
    texts = [as_policy(text, number) for number, text in enumerate(recorded())]
    assert len(texts) > 200
    first = {}

    async def run():
        page = f'{{"@odata.context":"x","value":[{" , ".join(texts)}]}}'.encode()
        async with raw_server(body(page)) as (base_url, _):
            client = open_client(simulated_tenant(base_url), {"TOKEN": "t"})

            async def keep(policies):
                for policy in policies:
                    first.setdefault(policy.policy_id, (policy.policy, policy.assignments))

            result = await list_policies(client, KEY, on_page=keep)
            await client.close()
            return result

    # A file's own id comes after the one put in front, and the last one counts; two files may then share one.
    result = asyncio.run(run())
    assert result.failure is None
    found = dict(first.values())
    assert set(found) <= set(texts)
    ids = {json.loads(text)["id"] for text in texts}
    assert len(found) == len(ids)
    with_assignments = 0
    for policy, assignments in found.items():
        expected = member(policy, "assignments")
        has_more = '"assignments@odata.nextLink"' in policy
        if expected is not None and expected.startswith("[") and not has_more:
            assert assignments == expected
            with_assignments += 1
        else:
            assert assignments is None
    assert with_assignments > 60


def test_every_recorded_policy_is_listed_and_read_as_the_simulator_serves_it():
    tenant, _ = tenant_from_exports(fixtures())

    async def use(_, client):
        listed, read = {}, {}
        for key in tenant.counts():
            refs = []

            async def keep(policies, key=key, refs=refs):
                listed.update({(key, policy.policy_id): policy for policy in policies})
                refs.extend(PolicyRef(key, policy.policy_id) for policy in policies)

            await list_policies(client, key, on_page=keep)
            read |= {
                (one.ref.policy_type, one.ref.policy_id): one.assignments
                for one in await read_assignments(client, refs)
            }
        return listed, read

    listed, read = on(tenant, use)
    assert set(listed) == set(read) == {(policy.type.key, policy.id) for policy in tenant}
    for (key, policy_id), policy in listed.items():
        came = policy.assignments is not None
        assert policy.policy.encode() == tenant.served_entry(key, policy_id, expand=came)
        texts = [text.decode() for text in tenant.assignment_texts(key, policy_id)]
        if came:
            assert elements(policy.assignments) == texts
        assert elements(read[key, policy_id]) == texts


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FORMS = st.sampled_from(
    [
        {"ensure_ascii": False},
        {"ensure_ascii": True},
        {"indent": 3},
        {"separators": (" , ", " : ")},
        {"separators": (",", ":"), "ensure_ascii": False},
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(max_size=6), VALUES, max_size=4), st.lists(VALUES, max_size=3), FORMS)
def test_any_json_comes_through_as_it_stands(value, entries, form):
    assignments = json.dumps(entries, **form)
    fields = {name: inner for name, inner in value.items() if not name.startswith("assignments")} | {"id": "a"}
    policy = f'{json.dumps(fields, **form).rstrip()[:-1]}, "assignments" :\t{assignments} }}'
    found = []

    async def keep(policies):
        found.extend(policies)

    service = Scripted([answer(200, f'{{ "value" :[ {policy} ]}}'.encode())])
    asyncio.run(list_policies(throttled(service, Time()), KEY, on_page=keep))
    assert [(one.policy, one.assignments) for one in found] == [(policy, assignments)]


@pytest.mark.parametrize(
    "number",
    [
        "1.0",
        "1E+2",
        "-0",
        "0.10",
        "123456789012345678901234567890",
        "1e400",
        "-1.5e-300",
        "12345678901234567890.000001",
    ],
)
def test_numbers_keep_their_spelling(number):
    found = []

    async def keep(policies):
        found.extend(policies)

    policy = f'{{"id":"a","x":{number},"assignments":[{{"y":{number}}}]}}'
    asyncio.run(
        list_policies(throttled(Scripted([answer(200, f'{{"value":[{policy}]}}'.encode())]), Time()), KEY, on_page=keep)
    )
    assert (found[0].policy, found[0].assignments) == (policy, f'[{{"y":{number}}}]')
