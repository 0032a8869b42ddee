"""The trail as it is listed and exported: whole, in order, harmless to a spreadsheet, never over a file."""

from __future__ import annotations

import csv
import json
import stat
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from builders import at
from opsconsole.domain.access import Actor, Role
from opsconsole.domain.audit import Action, ChainHead
from opsconsole.domain.plain_text import plain
from opsconsole.errors import NotFound, StoreUnavailable, UsageError
from opsconsole.service import audit, members, tenants
from opsconsole.service.list_export import AUDIT_CELLS
from opsconsole.store import access

from .world import OUTSIDER, STRANGER, World

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\u200b=1")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def busy(world: World, count: int = 5) -> None:
    for number in range(count):
        members.add_member(world.alice, f"uid:{5000 + number}", Role.READONLY)


def test_the_trail_is_exported_oldest_first(world: World, tmp_path: Path) -> None:
    busy(world)
    world.finished_set()
    lines, table = tmp_path / "trail.jsonl", tmp_path / "trail.CSV"
    count = audit.export_entries(world.alice, lines)
    assert count == audit.export_entries(world.alice, table) == len(world.trail())
    entries = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [entry["seq"] for entry in entries] == [entry["seq"] for entry in world.trail()]
    assert [entry["hash"] for entry in entries] == [entry["hash"] for entry in world.trail()]
    rows = rows_of(table)
    assert tuple(rows[0]) == AUDIT_CELLS
    for row, entry in zip(rows, entries, strict=True):
        assert row["id"] == entry["id"]
        assert json.loads(row["details"]) == entry["details"]
        assert (row["workspace"], row["tenant"]) == (entry["workspace"] or "", entry["tenant"] or "")
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in (lines, table)} == {0o600}


def test_the_trail_is_read_when_it_is_written_not_when_it_is_asked_for(small_world: World) -> None:
    class Unread:
        def read(self) -> None:
            raise StoreUnavailable("The store was read.", "Do not.")

    wanted = audit.trail(replace(small_world.alice, db=Unread()))  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable):
        wanted.read(10, None)


def test_what_is_appended_while_the_trail_is_written_is_left_out(small_world: World) -> None:
    busy(small_world)
    wanted, before = audit.trail(small_world.alice), len(small_world.trail())
    page = wanted.read(2, None)
    busy(small_world, 9)
    found = list(page.items)
    while page.next_cursor is not None:
        page = wanted.read(2, page.next_cursor)
        found += page.items
    assert [entry["seq"] for entry in found] == list(range(1, before + 1))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_name_is_no_formula(small_world: World, tmp_path: Path, text: str) -> None:
    mallory = Actor("uid:6000", text)
    with small_world.db.write() as s:
        access.add_member(s, small_world.main, mallory, Role.OWNER, at())
    members.add_member(small_world.caller(mallory), "uid:6001", Role.READONLY)
    path = tmp_path / "trail.csv"
    audit.export_entries(small_world.alice, path)
    assert rows_of(path)[-1]["actor"] == f"'{plain(text)}"
    lines = tmp_path / "trail.jsonl"
    audit.export_entries(small_world.alice, lines)
    assert json.loads(lines.read_text(encoding="utf-8").splitlines()[-1])["actor"] == text


def test_no_cell_of_an_export_begins_as_a_formula(small_world: World, tmp_path: Path) -> None:
    busy(small_world)
    path = tmp_path / "trail.csv"
    audit.export_entries(small_world.alice, path)
    assert not [cell for row in rows_of(path) for cell in row.values() if cell[:1] in tuple("=+-@\t\r\n")]


@pytest.mark.parametrize("name", ["there.csv", "there.jsonl"])
def test_an_export_never_overwrites(small_world: World, tmp_path: Path, name: str) -> None:
    busy(small_world)
    path = tmp_path / name
    path.write_text("mine", encoding="utf-8")
    for target in (path, tmp_path / "no folder" / name, tmp_path, Path("a\0b")):
        with pytest.raises(UsageError, match="Cannot write") as raised:
            audit.export_entries(small_world.alice, target)
        assert raised.value.hint
    assert path.read_text(encoding="utf-8") == "mine"


def test_others_export_only_what_they_see(small_world: World, tmp_path: Path) -> None:
    busy(small_world)
    assert audit.export_entries(small_world.caller(OUTSIDER), tmp_path / "outsider.jsonl") == 0
    assert audit.export_entries(small_world.caller(STRANGER), tmp_path / "stranger.jsonl") == 0


def test_entries_are_found_paged_and_shown(world: World) -> None:
    busy(world, 7)
    tenants.start_check(world.alice, "contoso")
    everything = audit.list_entries(world.alice, limit=100).items
    assert [entry["seq"] for entry in everything] == list(range(8, 0, -1))
    first = audit.list_entries(world.alice, limit=3)
    second = audit.list_entries(world.alice, limit=3, cursor=first.next_cursor)
    assert [entry["seq"] for entry in (*first.items, *second.items)] == [8, 7, 6, 5, 4, 3]
    assert [
        entry["seq"]
        for entry in audit.list_entries(world.alice, audit.AuditQuery(actions=(Action.CHECK_STARTED,))).items
    ] == [8]
    newest = everything[0]
    assert (newest["workspace"], newest["tenant"], newest["actor"]) == ("main", "contoso", "alice")
    for ref in (newest["id"], newest["id"][-8:], "8", "#8", " #8 "):
        assert audit.show_entry(world.alice, ref) == newest
    for ref in ("#99", "99", "#", "²", "-1", "9" * 40):
        with pytest.raises(NotFound, match="There is no audit entry"):
            audit.show_entry(world.alice, ref)


def test_the_chain_is_verified_against_a_head_kept_elsewhere(world: World) -> None:
    busy(world)
    head = audit.head(world.alice)
    assert audit.verify(world.alice, head).ok
    assert not audit.verify(world.alice, ChainHead(head.seq, "0" * 64)).ok
    assert not audit.verify(world.alice, ChainHead(head.seq + 1, head.hash)).ok
    busy(world)
    assert audit.verify(world.alice, head).ok
