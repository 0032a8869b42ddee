"""Backups: what is active, what is found, what is fetched again, what differs, and what is written to a folder."""

from __future__ import annotations

import json
import stat
import sys
import threading
from pathlib import Path

import pytest

from opsconsole.config import Config
from opsconsole.domain.backup import ItemStatus
from opsconsole.domain.ids import new_id
from opsconsole.domain.json_text import JsonText
from opsconsole.domain.run import Outcome
from opsconsole.errors import Conflict, NotFound, UsageError
from opsconsole.graph.policy_types import POLICY_TYPES
from opsconsole.service import backups, differences, drift, restores, runs, tenants
from opsconsole.service.caller import Caller
from opsconsole.service.started import Started
from opsconsole.store import backups as stored
from opsconsole.store.backups import ListedItem
from opsconsole.store.opening import open_store

from .world import ALICE, DEVICE, OUTSIDER, World, tenant_config


def test_a_backup_is_active_until_its_fetch_completes(world: World) -> None:
    first = backups.start_backup(world.alice, "contoso", [DEVICE])
    assert first.created
    assert [run.type.value for run in first.runs] == ["backup.capture", "assignments.fetch"]
    assert first.runs[1].after_run_id == first.runs[0].id
    again = backups.start_backup(world.alice, "contoso", [DEVICE, DEVICE])
    assert not again.created
    assert [run.id for run in again.runs] == [run.id for run in first.runs]
    assert first.backup_set is not None
    assert again.to_json()["backup_set"]["id"] == first.backup_set.id
    world.complete(first.runs[0].id)
    assert not backups.start_backup(world.alice, "contoso", [DEVICE]).created
    world.complete(first.runs[1].id)
    assert backups.start_backup(world.alice, "contoso", [DEVICE]).created


def test_other_types_and_other_tenants_are_other_backups(world: World) -> None:
    config = Config(store_url=world.db.url, tenants=(tenant_config("fabrikam", workspace="other"),))
    made = [
        backups.start_backup(world.alice, "contoso"),
        backups.start_backup(world.alice, "contoso", [DEVICE]),
        backups.start_backup(world.alice, "contoso", ["settingsCatalogPolicy"]),
        backups.start_backup(world.alice, "contoso", ["settingsCatalogPolicy", DEVICE]),
        backups.start_backup(world.caller(OUTSIDER, config=config), "fabrikam", [DEVICE]),
    ]
    assert [started.created for started in made] == [True] * 5
    assert not backups.start_backup(world.alice, "contoso", [DEVICE, "settingsCatalogPolicy"]).created
    assert [entry["action"] for entry in world.trail()] == ["backup.started"] * 5


def test_many_who_ask_at_once_get_one_backup(world: World, store_url: str) -> None:
    started: list[Started] = []
    gate = threading.Barrier(4)

    def ask() -> None:
        with open_store(store_url) as db:
            caller = Caller(db, world.config, ALICE)
            gate.wait(10)
            started.append(backups.start_backup(caller, "contoso", [DEVICE]))
            started.append(tenants.start_check(caller, "contoso"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(started) == 8
    assert sum(one.created for one in started) == 2
    assert len({run.id for one in started for run in one.runs}) == 3
    assert len(runs.list_runs(world.alice).items) == 3


UNKNOWN = {
    "deviceconfiguration": "Did you mean 'deviceConfiguration'?",
    "settingsCatalogPolicies": "Did you mean 'settingsCatalogPolicy'?",
    "nonsense-of-all-kinds": "",
    "": "",
}


@pytest.mark.parametrize("key", UNKNOWN)
def test_an_unknown_type_is_named_with_the_nearest_known(small_world: World, key: str) -> None:
    state = small_world.state()
    for order in (
        lambda: backups.start_backup(small_world.alice, "contoso", [DEVICE, key]),
        lambda: restores.start_preview(small_world.alice, "latest", "contoso", items=[f"{key}:1"]),
    ):
        with pytest.raises(UsageError) as raised:
            order()
        assert raised.value.message.startswith(f"There is no policy type {key!r}.")
        assert UNKNOWN[key] in raised.value.message
        assert "policy-types list" in raised.value.hint
        assert raised.value.exit_code == 2
    assert small_world.state() == state


def test_a_type_that_is_left_out_says_why(small_world: World) -> None:
    key = next(key for key, found in POLICY_TYPES.items() if not found.is_supported)
    with pytest.raises(UsageError, match=f"Policy type '{key}' is not supported: ") as raised:
        backups.start_backup(small_world.alice, "contoso", [key])
    assert "policy-types list" in raised.value.hint
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("ref", ["ffffff", "no id", "", "latest", "0", "zzzzzz", "'; DROP TABLE", "a" * 500])
def test_what_cannot_be_found_is_said_in_one_way(world: World, ref: str) -> None:
    for noun, command, ask in (
        ("backup set", "backups list", lambda: backups.show_set(world.alice, ref)),
        ("run", "runs list", lambda: runs.show_run(world.alice, ref)),
        ("restore run", "restore list", lambda: restores.show_restore(world.alice, ref)),
    ):
        with pytest.raises(NotFound) as raised:
            ask()
        assert raised.value.message == f"There is no {noun} {ref!r}."
        assert f"`opsconsole {command}`" in raised.value.hint
        assert raised.value.exit_code == 4


def test_an_id_may_be_shortened_to_an_end_that_is_its_own(world: World) -> None:
    made = world.finished_set()
    for digits in (6, 12, 36):
        assert backups.show_set(world.alice, made.id[-digits:]).id == made.id
        assert backups.show_set(world.alice, made.id[-digits:].upper()).id == made.id
    with pytest.raises(NotFound):
        backups.show_set(world.alice, made.id[-3:])


def test_an_end_of_two_ids_is_no_name(world: World) -> None:
    for set_id, types in (
        ("0197aaaa-0000-7000-8000-00000000beef", [DEVICE]),
        ("0197bbbb-0000-7000-8000-00000001beef", ["settingsCatalogPolicy"]),
    ):
        ids = iter([set_id])
        caller = world.caller(ALICE, new_id=lambda ids=ids: next(ids, None) or new_id())
        assert backups.start_backup(caller, "contoso", types).backup_set.id == set_id
    with pytest.raises(UsageError, match="fits more than one backup set") as raised:
        backups.show_set(world.alice, "beef")
    assert raised.value.exit_code == 2
    assert backups.show_set(world.alice, "1beef").id.endswith("1beef")
    with pytest.raises(NotFound):
        backups.show_set(world.caller(OUTSIDER), "beef")


def test_latest_is_the_newest_finished_set_else_the_newest(world: World) -> None:
    with pytest.raises(NotFound, match="'latest'"):
        backups.show_set(world.alice, "latest")
    active = world.active_set([DEVICE])
    assert backups.show_set(world.alice, "latest").id == active.id
    world.end_backup(active)
    done = world.finished_set()
    world.active_set(["settingsCatalogPolicy"])
    assert backups.show_set(world.alice, "latest").id == done.id


def test_sets_are_paged_newest_first(world: World) -> None:
    made = [world.finished_set(1).id for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = backups.list_sets(world.alice, tenant="contoso", limit=2, cursor=cursor)
        seen += [found.id for found in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == made[::-1]


def test_only_what_is_missing_is_fetched_again(world: World) -> None:
    made = world.gappy_set(failed=2, skipped=1, policies=5)
    assert (made.missing, made.is_complete) == (3, False)
    started = backups.start_fetch(world.alice, made.id, failed=True)
    assert started.created
    assert started.backup_set is not None
    assert started.backup_set.count("pending") == 3
    assert not backups.start_fetch(world.alice, made.id).created
    for order in (
        lambda: restores.start_preview(world.alice, made.id, "contoso", accept_missing=3),
        lambda: drift.start_drift(world.alice, made.id),
    ):
        with pytest.raises(Conflict, match="still active"):
            order()
    world.complete(started.runs[0].id, Outcome.CANCELLED)
    assert backups.show_set(world.alice, made.id).count("skipped") == 3


def test_one_item_is_fetched_again(world: World) -> None:
    made = world.gappy_set(failed=2, skipped=0)
    failed, fetched = (
        backups.list_items(world.alice, made.id, statuses=[status]).items
        for status in (ItemStatus.FAILED, ItemStatus.FETCHED)
    )
    started = backups.start_fetch(world.alice, made.id, item_id=failed[0].id[-12:])
    assert started.runs[0].inputs["items"] == [failed[0].id]
    for order in (
        lambda: backups.start_fetch(world.alice, made.id, item_id=fetched[0].id),
        lambda: backups.start_fetch(world.alice, made.id, item_id=failed[0].id),
        lambda: restores.start_preview(world.alice, made.id, "contoso", accept_missing=2),
    ):
        with pytest.raises(Conflict):
            order()
    with pytest.raises(NotFound, match="There is no backup item 'ffffff'"):
        backups.start_fetch(world.alice, made.id, item_id="ffffff")
    other = backups.start_fetch(world.alice, made.id, item_id=failed[1].id)
    assert other.created
    assert other.runs[0].id != started.runs[0].id


def test_a_set_that_lacks_nothing_is_not_fetched_again(world: World) -> None:
    made = world.finished_set()
    state, length = world.state(), len(world.trail())
    with pytest.raises(Conflict, match="no failed or skipped item") as raised:
        backups.start_fetch(world.alice, made.id)
    assert "opsconsole backup" in raised.value.hint
    assert (world.state(), len(world.trail())) == (state, length)


def test_an_active_set_is_returned_rather_than_fetched_twice(world: World) -> None:
    made = world.active_set([DEVICE])
    again = backups.start_fetch(world.alice, made.id)
    assert not again.created
    assert [run.id for run in again.runs] == [made.capture_run_id, made.fetch_run_id]
    with pytest.raises(Conflict, match="still active"):
        drift.start_drift(world.alice, made.id)


def test_items_are_listed_by_status_type_and_name(world: World) -> None:
    made = world.gappy_set(failed=1, skipped=1, policies=4)
    assert [item.policy for item in backups.list_items(world.alice, made.id).items] == [None] * 4
    assert len(backups.list_items(world.alice, made.id, statuses=[ItemStatus.FETCHED]).items) == 2
    assert len(backups.list_items(world.alice, made.id, search="pOlIcY 3").items) == 1
    assert backups.list_items(world.alice, made.id, policy_type="settingsCatalogPolicy").items == []
    full = backups.list_items(world.alice, made.id, payload=True, limit=1).items[0]
    shown = backups.item_json(full, payload=True)
    assert shown["policy"] == JsonText(full.policy or "")
    assert shown["assignments"] is None, "a failed item has no assignments, whatever stood there"
    assert shown["failure"]["reason_code"] == "permission_denied"
    assert "policy" not in backups.item_json(full)


def test_two_sets_are_compared(world: World) -> None:
    old, new = world.finished_set(3), world.finished_set(2)
    assert not differences.diff_sets(world.alice, old.id, old.id).differs
    found = differences.diff_sets(world.alice, old.id, new.id).to_json()
    assert found["differs"] is True
    assert (found["counts"]["gone"], found["counts"]["new"], found["counts"]["same"]) == (1, 0, 2)
    back = differences.diff_sets(world.alice, new.id, old.id).to_json()
    assert (back["counts"]["gone"], back["counts"]["new"]) == (0, 1)


HOSTILE = [
    "../../x",
    "..",
    ".",
    "/etc/passwd",
    "C:\\Windows\\x",
    "CON",
    "con.json",
    "nul",
    "x" * 300,
    "ü" * 300,
    "",
    "   ",
    "-rf",
    "~",
    "a\0b",
    'a/b\\c:d*e?f"g<h>i|j',
    "line\nbreak",
    "\x1b[31mred",
    "Name",
    "name",
    "NAME",
    "=HYPERLINK(1)",
    "\u202egnp.exe",
    "trailing. ",
]

RAW = '{ "id":"1","n":10000000000000000000000001, "u":"\\u00e9\\ud83d", "e":1.0e2,"a":null,"z":[ ] , "t":"é—漢" }'
"""JSON that no decoder and encoder would give back as it is."""


def hostile_set(world: World) -> tuple[str, list[ListedItem]]:
    made = world.active_set([DEVICE])
    items = [
        ListedItem(
            new_id(), DEVICE, f"id/../{number}", name, RAW.replace('"1"', f'"{number}"'), f'[ {{"k": {number}}} ]'
        )
        for number, name in enumerate(HOSTILE)
    ]
    with world.db.write() as s:
        stored.add_listed_items(s, made, items)
        stored.settle_with_assignments(s, made.id, made.fetch_run_id)
    world.end_backup(made)
    return made.id, items


def test_a_set_is_exported_byte_for_byte_whatever_its_names(world: World, tmp_path: Path) -> None:
    set_id, items = hostile_set(world)
    folder = tmp_path / "deep" / "export"
    answer = backups.export_set(world.alice, set_id, folder)
    assert answer == {"backup_set": set_id, "directory": str(folder), "items": len(HOSTILE)}
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 2 * len(HOSTILE) + 1
    assert len({str(path).casefold() for path in files}) == len(files), "names that differ in case alone are kept apart"
    assert all(path.resolve().is_relative_to(folder.resolve()) for path in files)
    assert [path.name for path in tmp_path.iterdir() if path.name != "deep" and ".db" not in path.name] == []
    for path in files:
        assert len(path.name) < 120
        assert path.name.isascii()
        assert not path.name.startswith((".", "-", "~"))
        assert path.name.split(".")[0].lower() not in ("con", "nul", "prn", "aux")
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
        assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["backup_set"]["id"] == set_id
    by_id = {entry["policy_id"]: entry for entry in manifest["items"]}
    for item in items:
        entry = by_id[item.policy_id]
        assert (folder / f"{entry['file']}.policy.json").read_bytes() == item.policy.encode()
        assert (folder / f"{entry['file']}.assignments.json").read_bytes() == (item.assignments or "").encode()
        assert entry["policy_name"] == item.policy_name.replace("\0", "\ufffd")
    assert [entry["action"] for entry in world.trail()][-1] == "payload.exported"


def test_an_export_never_touches_what_is_there(small_world: World, tmp_path: Path) -> None:
    made = small_world.finished_set()
    empty = tmp_path / "empty"
    empty.mkdir()
    assert backups.export_set(small_world.alice, made.id, empty)["items"] == 3
    before = {path: path.read_bytes() for path in empty.rglob("*") if path.is_file()}
    length = len(small_world.trail())
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is not empty"):
        backups.export_set(small_world.alice, made.id, mine)
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
    plain = tmp_path / "file"
    plain.write_text("mine", encoding="utf-8")
    for folder in (empty, plain, plain / "below"):
        with pytest.raises(UsageError) as raised:
            backups.export_set(small_world.alice, made.id, folder)
        assert str(folder) in raised.value.message
        assert raised.value.hint
    assert {path: path.read_bytes() for path in empty.rglob("*") if path.is_file()} == before
    assert plain.read_text(encoding="utf-8") == "mine"
    assert len(small_world.trail()) == length, "what was not written is not recorded as exported"


def test_an_export_to_where_nothing_can_be_written_says_so(small_world: World) -> None:
    made = small_world.finished_set()
    for folder in (Path("/proc/opsconsole"), Path("x" * 5000), Path("a\0b")):
        with pytest.raises(UsageError, match="Cannot write to"):
            backups.export_set(small_world.alice, made.id, folder)


def test_an_unfinished_item_is_exported_with_its_failure(small_world: World, tmp_path: Path) -> None:
    made = small_world.gappy_set(failed=1, skipped=0, policies=2)
    backups.export_set(small_world.alice, made.id, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(entry["status"] for entry in manifest["items"]) == ["failed", "fetched"]
    assert len(list((tmp_path / "out").rglob("*.assignments.json"))) == 1
    assert manifest["backup_set"]["complete"] is False
