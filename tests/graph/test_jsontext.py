"""JSON is cut at the same places by the fast way and by the one for what the fast way refuses."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.graph import jsontext
from opsconsole.graph.jsontext import NoJson, array_parts, object_parts
from opsconsole.graph.listing import list_policies

from .world import Scripted, Time, answer, throttled

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
FORMS = st.sampled_from([{"indent": 1}, {"separators": (",", ":")}, {"separators": (" ,\t", " :\n")}])


@settings(max_examples=150, deadline=None)
@given(st.lists(VALUES, max_size=4), st.dictionaries(st.text(max_size=4), VALUES, max_size=4), FORMS)
def test_both_ways_cut_at_the_same_places(array, mapping, form):
    text = f" {json.dumps(array, **form)} "
    assert array_parts(text.encode()) == jsontext._array(text)
    text = f"\n{json.dumps(mapping, **form)}"
    assert object_parts(text.encode()) == jsontext._object(text)


def test_half_a_surrogate_pair_does_not_cost_the_page():
    policy = '{ "id":"a", "name":"cut \\ud83d", "x":1.0 ,"assignments":[ {"n":"\\ude00"} ,{} ]}'
    found = []

    async def keep(policies):
        found.extend(policies)

    body = f'{{"value":[ {policy} ,{{"id":"b"}}],"@odata.nextLink":null}}'.encode()
    result = asyncio.run(
        list_policies(throttled(Scripted([answer(200, body)]), Time()), "settingsCatalogPolicy", on_page=keep)
    )
    assert (result.failure, len(found)) == (None, 2)
    assert (found[0].policy, found[0].assignments) == (policy, '[ {"n":"\\ude00"} ,{} ]')
    assert found[0].policy_name == "cut \ufffd"


BROKEN = [
    "",
    "[",
    "[1,]",
    "[1 2]",
    "[NaN]",
    "[Infinity]",
    "null",
    '["\x01"]',
    "[1]x",
    '["\\ud800"',
    "{",
    '{"a"}',
    '{"a":1,}',
    '{"a":NaN}',
]
BROKEN += ["5", '{"a":1}{', '{"a":"\\ud800"', "{'a':1}"]


@pytest.mark.parametrize("raw", [text.encode() for text in BROKEN] + [b'["\xff"]', b'{"a":"\xff"}', b"\xef\xbb\xbf[]"])
def test_what_is_no_json_is_refused(raw):
    for cut in (array_parts, object_parts):
        with pytest.raises(NoJson):
            cut(raw)


def test_what_is_of_the_other_form_or_nested_beyond_measure_is_refused():
    for cut, raw in (
        (array_parts, b"{}"),
        (object_parts, b"[]"),
        (array_parts, b"[" * 100_000),
        (object_parts, b'{"a":' * 100_000),
    ):
        with pytest.raises(NoJson):
            cut(raw)


def test_of_two_members_of_one_name_the_last_counts():
    assert object_parts(b'{"a":1,"a":2}') == jsontext._object('{"a":1,"a":2}') == {"a": b"2"}
