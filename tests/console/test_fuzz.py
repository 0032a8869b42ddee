"""Random keys, mouse events and sizes over a live store with faults: nothing raises, and nothing is written unconfirmed.

A seed makes a sequence of deeds, whatever the machine's speed; a seed that fails is named, and
``OPSCONSOLE_FUZZ_SEED=7 pytest tests/console/test_fuzz.py`` does it again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from opsconsole.console import app as app_module
from opsconsole.console import engine_start
from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.deep_link import DeepLink
from opsconsole.console.embedded_engine import EmbeddedEngine
from opsconsole.console.keys import keys_of
from opsconsole.console.places import EVERYWHERE, TOPS
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.failure import Reason
from opsconsole.graph import governor
from world import ENV, LIMIT_S

from .conftest import see_through, strike
from .fuzz_deeds import deeds_of
from .fuzz_hands import Hands
from .fuzz_watch import Ledger, Logged, WatchedApp, watch
from .fuzz_world import Stage, Watcher, make_history

SEEDS = 3
"""What the default tests go through, and one more read-only."""

MOST_SEEDS = 12
"""No more than these are played until something was confirmed and written."""

SECONDS = 5.0
"""A seed's time in the default tests: 20 s in all."""

STRESS_SECONDS, STRESS_SEED_SECONDS, MOST_STRESS_SEEDS = 300.0, 15.0, 60
"""The time of the long run and of one of its seeds."""

SEED = os.environ.get("OPSCONSOLE_FUZZ_SEED")

ENGINE_WRITES = frozenset({"assignments.restore.executed", "access.refused"})
"""What an engine itself audits: how an execution ended, and a run whose initiator may not any more."""


@dataclass
class Found:
    """What a seed came to."""

    confirmations: int = 0
    audited: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    deeds: int = 0
    seeds: int = 0


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A store with a history, to copy."""
    folder = tmp_path_factory.mktemp("history")
    path = folder / "ops.db"
    path.write_bytes(sqlite_template.read_bytes())
    path.chmod(0o600)
    make_history(f"sqlite:///{path}", folder)
    return path


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is typed at random name files nowhere else, and nothing wait for long."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.chdir(home)
    monkeypatch.setattr(app_module, "RETRY_S", 0.2)
    monkeypatch.setattr(engine_start, "AT_LAST_S", 0.2)
    monkeypatch.setattr(governor, "BACK_OFF_BASE_S", 0.05)


async def fuzz(stage: Stage, ledger: Ledger, seed: int, seconds: float, *, read_only: bool) -> Hands:
    """Open the console, do what the seed says for so long, put everything right, and see that it still answers."""
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: ledger.caught(str(context.get("message")), context.get("exception"))
    )
    app = WatchedApp(stage.desk, zone=UTC, environ={}, is_read_only=read_only)
    app.ledger, app.animation_level = ledger, "none"
    if not read_only:
        app.engine = EmbeddedEngine(stage.caller, ENV, "console", app.prompt)
    try:
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            one = Hands(app, stage, pilot)
            try:
                await one.look(3)
                end = time.monotonic() + seconds
                for deed in deeds_of(seed, disturbs=not read_only):
                    await one.do(deed)
                    if ledger.wrongs or app._exception is not None or not app.is_running or time.monotonic() > end:
                        break
                if app._exception is None and app.is_running and not ledger.wrongs:
                    await answers(one)
            finally:
                ledger.is_closing = True
            assert app.is_running, "the console ended by itself"
            return one
    except BaseException:
        print(one.tell())
        raise
    finally:
        if app.engine is not None:
            await asyncio.to_thread(app.engine.stop)


async def answers(one: Hands) -> None:
    """See that the console answers keys, that its engine lives, and that everything ends."""
    app = one.app
    await one.come_back()
    await one.strike("7")
    end = time.monotonic() + 10
    while app.loss is not None:
        assert time.monotonic() < end, app.loss
        await asyncio.sleep(0.05)
    await one.strike("question_mark")
    assert getattr(app.screen, "place", "") == "help", app.screen
    await one.strike("escape")
    assert getattr(app.screen, "place", "") == "backups", app.screen
    if app.engine is not None:
        assert not app.engine.has_failed(), app.engine.why_failed()
        end = time.monotonic() + LIMIT_S
        while await asyncio.to_thread(one.active):
            assert time.monotonic() < end, "a run did not end"
            await asyncio.sleep(0.05)


def play(template: Path, folder: Path, seed: int, seconds: float, *, read_only: bool = False) -> Found:
    """Play one seed, and compare what was confirmed with what was written."""
    folder.mkdir()
    ledger = Ledger()
    handler = Logged(ledger)
    logging.getLogger().addHandler(handler)
    stage = Stage(template, folder)
    before = stage.everything()
    one: Hands | None = None
    try:
        with pytest.MonkeyPatch.context() as patch:
            watch(ledger, folder.parent, patch)
            original = stage.caller.db.write

            def write() -> Any:
                ledger.writing()
                return original()

            patch.setattr(stage.caller.db, "write", write)
            one = asyncio.run(fuzz(stage, ledger, seed, seconds, read_only=read_only))
        assert ledger.wrongs == [], f"{one.tell()}\n" + "\n\n".join(ledger.wrongs)
        if read_only:
            assert stage.everything() == before
            assert stage.world.log() == []
        return Found(len(ledger.confirmations), *compare(stage, ledger), len(one.done))
    except BaseException as error:
        print(f"seed {seed} failed: {type(error).__name__}; again with OPSCONSOLE_FUZZ_SEED={seed}")
        print("\n\n".join(ledger.wrongs))
        raise
    finally:
        logging.getLogger().removeHandler(handler)
        stage.close()


def compare(stage: Stage, ledger: Ledger) -> tuple[Counter[str], int]:
    """Find the confirmation of each entry of the audit log, and the execution of each write; return how many there were."""
    world, executed, requested = stage.world, Counter[str](), {}
    actor = stage.caller.actor.name
    audited: Counter[str] = Counter()
    for entry in stage.audited():
        writer = ledger.entries.get(entry["id"])
        assert writer is not None, f"nobody was seen to write {entry}"
        is_of_console = writer.thread.startswith("console-")
        if entry["action"] == "assignments.restore.executed":
            executed[entry["resource_id"]] += 1
        if not is_of_console:
            assert entry["action"] in ENGINE_WRITES or entry["actor"] == "schedule", (entry, writer)
            continue
        assert entry["actor"] == actor and writer.given is not None, (entry, writer)
        assert writer.given in ledger.confirmations and writer.given.orders, (entry, writer.given)
        audited[entry["action"]] += 1
        if run := json.loads(entry["details"]).get("run"):
            requested[run] = entry
    intents = [
        {"run": run, "policy": policy, "body": body}
        for run, policy, body in stage.rows(
            "SELECT w.run_id, i.policy_id, w.body FROM restore_writes w JOIN restore_items i ON i.id = w.restore_item_id"
        )
    ]
    writes = world.writes()
    for line in writes:
        mine = [one for one in intents if one["policy"] in line["path"] and one["body"] == line["body"]]
        assert mine, f"no execution meant to write {line}"
        assert any(one["run"] in requested and executed[one["run"]] == 1 for one in mine), (line, mine)
    for run in world.all_runs():
        wrong = [failure for failure in run.failures if failure.reason is Reason.INTERNAL_ERROR]
        assert wrong == [], (run, wrong)
    world.check_all_is_settled()
    return audited, len(writes)


def play_all(
    template: Path, folder: Path, seeds: Iterable[int], seconds: float, is_enough: Callable[[Found], bool]
) -> Found:
    """Play seed after seed until it is enough, and return what they came to together."""
    found = Found()
    for seed in seeds:
        one = play(template, folder / f"seed-{seed}", seed, seconds)
        print(f"seed {seed}: {one}")
        found.seeds += 1
        found.confirmations += one.confirmations
        found.audited.update(one.audited)
        found.writes += one.writes
        found.deeds += one.deeds
        if is_enough(found):
            break
    return found


def test_nothing_raises_and_nothing_is_written_unconfirmed(template: Path, tmp_path: Path) -> None:
    if SEED:
        play(template, tmp_path / "one", int(SEED), SECONDS * 6)
        return

    def is_enough(found: Found) -> bool:  # on a busy machine few deeds come of a seed: then there are more of them
        has_written = found.confirmations >= SEEDS and sum(found.audited.values()) >= SEEDS and found.writes > 0
        return found.seeds >= SEEDS and has_written

    found = play_all(template, tmp_path, range(1, MOST_SEEDS + 1), SECONDS, is_enough)
    assert is_enough(found), found


@pytest.mark.stress
def test_nothing_raises_and_nothing_is_written_unconfirmed_for_five_minutes(template: Path, tmp_path: Path) -> None:
    end = time.monotonic() + STRESS_SECONDS

    def is_enough(found: Found) -> bool:
        has_written = found.confirmations >= 50 and found.writes >= 20 and len(found.audited) >= 8
        return time.monotonic() > end and has_written

    found = play_all(template, tmp_path, range(100, 100 + MOST_STRESS_SEEDS), STRESS_SEED_SECONDS, is_enough)
    assert is_enough(found), found


def test_a_read_only_console_writes_nothing(template: Path, tmp_path: Path) -> None:
    play(template, tmp_path / "read-only", 4, SECONDS, read_only=True)


# Opening every screen.

NOT_PRESSED = frozenset({"quit", "palette", "help", "copy", "back", "clear", "tabs"})
"""Keys that open nothing of their own; help is a place, and is opened by itself."""


async def open_every_place(app: OpsConsoleApp, pilot: Any) -> dict[str, tuple[str, ...]]:
    """Open every place there is, going on from each by all its keys that write nothing; return the way to each."""
    ways: dict[str, tuple[str, ...]] = {top.name: (top.key, "g") for top in TOPS}
    todo = list(ways)

    async def go(place: str) -> None:
        for _ in range(4):
            await strike(pilot, "escape")
        for name in ways[place]:
            await strike(pilot, name)
        led_to = f"{app.screen.focused} of {app.screen_stack}"
        assert getattr(app.screen, "place", "") == place, f"{ways[place]} leads to {led_to} and not to {place}"

    async def led_to_by(step: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        for name in step:
            await strike(pilot, name)
        if app.screen.is_modal:
            step = (*step, "enter")  # what is picked may be a place
            await strike(pilot, "enter")
        return str(getattr(app.screen, "place", "")), step

    while todo and set(ways) < EVERYWHERE:
        place, is_here = todo.pop(0), False
        names = [
            (one.keys.split(",")[0], 2 if one.id == "open" else 1)
            for one in keys_of(place)
            if one.id not in NOT_PRESSED and not one.is_write and not one.action.startswith("app.")
        ]
        for step in [("question_mark",), *((*("down",) * row, name) for name, rows in names for row in range(rows))]:
            if not is_here or step[-1] == "enter":
                await go(place)
            led_to, taken = await led_to_by(step)
            if led_to in EVERYWHERE and led_to not in ways:
                ways[led_to] = (*ways[place], *taken)
                todo.append(led_to)
            is_here = led_to == place and len(step) == 1 and isinstance(app.focused, WindowTable)
    return ways


def links_of(stage: Stage) -> list[DeepLink]:
    """A link to each main screen, and to one of each thing that can be linked to."""
    tables = {"run": "operation_runs", "backup_set": "backup_sets", "restore": "restore_runs"}
    assert {"screen", *tables} == set(DeepLink.__struct_fields__)
    ids = {name: stage.rows(f"SELECT id FROM {table} ORDER BY id DESC")[0][0] for name, table in tables.items()}
    found = [DeepLink(**{name: one}).found(stage.desk) for name, one in ids.items()]
    return [*(DeepLink(top.name) for top in TOPS), *found]


def test_opening_a_screen_writes_nothing(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(template, tmp_path)
    watcher, before = Watcher(stage.path), stage.everything()

    async def steps() -> None:
        for link in links_of(stage):
            app = OpsConsoleApp(stage.desk, zone=UTC, environ={}, link=link)
            app.animation_level = "none"
            async with app.run_test(size=(80, 24), notifications=True) as pilot:
                await see_through(pilot)
                if link == DeepLink():
                    ways = await open_every_place(app, pilot)
                    assert set(ways) == EVERYWHERE, f"no way was found to {EVERYWHERE - set(ways)}"
            assert not watcher.has_changed(), link

    def write() -> Any:
        raise AssertionError("a writing transaction was begun")

    monkeypatch.setattr(stage.caller.db, "write", write)

    try:
        asyncio.run(steps())
        assert stage.everything() == before
        assert stage.world.log() == [], "and nothing was asked of Graph"
    finally:
        watcher.close()
        stage.close()
