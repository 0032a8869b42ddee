"""The trail: its chain in the title, a walk that is watched and stopped, filters that count, what was written, and no writing."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from opsconsole.console.screens.audit_entry import AuditEntryScreen
from opsconsole.console.screens.backup_set import BackupSetScreen
from opsconsole.console.screens.plan import PlanScreen
from opsconsole.console.screens.run import RunScreen
from opsconsole.domain.audit import BadEntry, ChainHead, Verdict
from opsconsole.service.audit import AuditQuery

from .driving import Driver, drive
from .memory_audit import KEPT
from .world import busy_world
from .world_drift import written_world


def words(driver: Driver) -> str:
    return " ".join(driver.text().split())


def test_the_title_says_what_was_verified_without_a_walk() -> None:
    desk = busy_world(more_runs=0)

    async def steps(driver: Driver) -> None:
        await driver.press("9")
        assert "chain ✓ verified to #90,101" in driver.lines()[0]
        assert "13 entries since" in driver.text()
        await driver.press("v")
        assert "chain ✓ verified to #90,114" in driver.lines()[0] and "nothing since" in driver.text()

    drive(steps, desk)


def test_an_entry_that_is_not_what_was_verified_is_told_without_a_walk() -> None:
    desk = busy_world(more_runs=0)
    desk.chain_known = replace(KEPT, holds=False)

    async def steps(driver: Driver) -> None:
        await driver.press("9")
        assert "chain ✗ not what was verified" in driver.lines()[0]
        assert "v names the first break" in driver.text()

    drive(steps, desk)


def test_a_break_stays_told_when_the_screen_is_left() -> None:
    desk = busy_world(more_runs=0)
    desk.verdict = Verdict(False, 4_711, ChainHead(4_711, "ab12" * 16), BadEntry(4_712, "changed"))

    async def steps(driver: Driver) -> None:
        await driver.press("9", "v")
        assert "broken at #4,712" in driver.lines()[0]
        await driver.press("1", "9")
        assert "broken at #4,712" in driver.lines()[0]

    drive(steps, desk)


def test_a_walk_shows_how_far_it_is_leaves_the_keys_alone_and_is_stopped() -> None:
    desk = busy_world(more_runs=0)
    desk.goes_on = threading.Event()

    async def steps(driver: Driver) -> None:
        await driver.press("9", "v")
        await driver.until(lambda: "31,000 of 90,114 entries" in driver.text())
        await driver.press("down", "down")
        assert "▸  90,112" in driver.text(), "the list goes on working"
        await driver.press("v")
        await driver.until(lambda: "The walk was stopped" in words(driver))
        assert "chain ✓ verified to #90,101" in driver.lines()[0], "the head that was kept stays"

    drive(steps, desk)
    assert desk.goes_on.is_set()


def test_a_walk_ends_with_its_screen() -> None:
    desk = busy_world(more_runs=0)
    desk.goes_on = threading.Event()

    async def steps(driver: Driver) -> None:
        await driver.press("9", "v")
        await driver.until(lambda: "31,000 of" in driver.text())
        await driver.press("1")
        await driver.until(desk.goes_on.is_set)  # type: ignore[union-attr]

    drive(steps, desk)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("actor:bob", "29 of 200"),
        ("action:restore.executed outcome:failed", "28 of 200"),
        ("outcome:partial since:3h", "9 of 200"),
        ("refused", "29 of 200"),
        ("nothing-like-it", "0 of 200"),
    ],
)
def test_a_filter_says_n_of_n(typed: str, found: str) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("9", "slash")
        await driver.type(typed)
        await driver.press("enter")
        assert found in driver.text()

    drive(steps, busy_world(more_runs=0))


def test_what_is_wrong_with_a_filter_is_pointed_at() -> None:
    async def steps(driver: Driver) -> None:
        for typed, said in (
            ("who:alice", "who: is no word of this filter"),
            ("outcome:great", "outcome:great is not known"),
            ("action:cooking", "action:cooking is not known"),
            ("since:soon", "since:soon is no time"),
        ):
            await driver.press("9", "slash")
            await driver.type(typed)
            assert said in words(driver)
            await driver.press("escape")

    drive(steps, busy_world(more_runs=0))


def test_new_entries_are_added_to_the_counts_that_are_known() -> None:
    desk = busy_world(more_runs=0)
    asked: list[int] = []
    count = desk.count_entries

    def counted(query: AuditQuery, after_seq: int) -> tuple[int, int]:
        asked.append(after_seq)
        return count(query, after_seq)

    desk.count_entries = counted  # type: ignore[method-assign]

    async def steps(driver: Driver) -> None:
        await driver.press("9")
        asked.clear()
        desk.all_entries.append({**desk.all_entries[0], "seq": 90_115, "id": "0199ffff-0000-7000-8000-000000000001"})
        desk.has_changed = True
        await driver.until(lambda: " 201" in driver.lines()[2])
        assert asked and set(asked) <= {90_114, 90_115}, "what was counted once is not counted again"

    drive(steps, desk)


def test_the_filtered_trail_is_exported_to_a_file_that_is_named(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    desk = busy_world(more_runs=0)

    async def steps(driver: Driver) -> None:
        await driver.press("9", "slash")
        await driver.type("actor:bob")
        await driver.press("enter", "e")
        driver.app.screen.query_one(Input).value = str(file)
        await driver.press("enter")
        await driver.until(lambda: not driver.app.screen.is_modal)
        assert "29 audit entries written to" in words(driver)
        entries = [json.loads(line) for line in file.read_text().splitlines()]
        assert {entry["actor"] for entry in entries} == {"bob"}
        assert [entry["seq"] for entry in entries] == sorted(entry["seq"] for entry in entries), "oldest first"

    drive(steps, desk)


def test_an_execution_shows_each_policy_before_and_after_page_by_page() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("9", "enter", "pagedown")
        text = driver.text()
        await driver.press("pagedown")
        text += driver.text()
        assert "✓ written and read back" in text and "Win - Defender baseline" in text
        assert "= Windows devices - Pilot" in text and "+" in text and "nobody" in text
        assert "✗ refused: nothing changed" in text and "not proven" in text
        for _ in range(30):
            await driver.hit("G")
        await driver.press("G")
        assert "macOS - FileVault 9" in driver.text()

    drive(steps, written_world())


def test_the_lines_of_an_entry_open_what_they_name() -> None:
    desk = written_world()
    desk.all_runs[0] = replace(desk.all_runs[0], id=str(desk.all_entries[0]["resource_id"]))

    async def steps(driver: Driver) -> None:
        await driver.press("9", "enter")
        assert isinstance(driver.app.screen, AuditEntryScreen)
        for name, kind in (("on ", RunScreen), ("restore run", PlanScreen), ("backup set", BackupSetScreen)):
            await driver.press("g")
            while f"▸ {name}" not in driver.text():
                await driver.press("down")
            await driver.press("enter")
            assert isinstance(driver.app.screen, kind), name
            await driver.press("escape")
        await driver.press("g", "enter")
        assert [one.message for one in driver.app._notifications] == ["This line names nothing that has a screen."]

    drive(steps, desk)


def test_a_wide_terminal_shows_the_entry_under_the_cursor_beside_the_list() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("9", "down")
        assert "assignments.restore.requested" in driver.text() and "hash before" in driver.text()

    drive(steps, busy_world(more_runs=0), size=(130, 40))


def test_nothing_of_the_trail_can_be_changed() -> None:
    from opsconsole.console.keys import keys_of

    for place in ("audit", "entry"):
        assert not [key.id for key in keys_of(place) if key.is_write]
