"""Two sets compared: what a set keeps is whatever Graph sent."""

from __future__ import annotations

import pytest

from opsconsole.domain.difference import UNKNOWN
from opsconsole.service import differences

from .world import World

GROUP = '[{"target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"g"}}]'


@pytest.mark.parametrize("damaged", ["[null]", '[{"target":"all"}]', '{"value":[]}', "[[]]", '[{"id":"1"}]'])
@pytest.mark.parametrize("is_second", [False, True])
def test_assignments_that_are_none_are_not_comparable_and_say_so(
    small_world: World, damaged: str, is_second: bool
) -> None:
    older, newer = small_world.finished_set(), small_world.finished_set()
    for made, text in ((older, GROUP if is_second else damaged), (newer, damaged if is_second else GROUP)):
        with small_world.db.write() as s:
            s.run(
                "UPDATE backup_items SET assignments = :text WHERE set_id = :id AND policy_id = :policy",
                text=text,
                id=made.id,
                policy="deviceConfiguration-1",
            )
    found = differences.list_set_differences(small_world.alice, older.id, newer.id).items
    assert [(one.kind, one.policy_id) for one in found] == [(UNKNOWN, "deviceConfiguration-1")]
    assert "cannot be read" in found[0].note
    assert (newer if is_second else older).id[-6:] in found[0].note
    counts = differences.count_set_differences(small_world.alice, older.id, newer.id)
    assert counts[UNKNOWN] == 1 and counts["same"] == 2
    assert differences.diff_sets(small_world.alice, older.id, newer.id).unknown == 1
