"""The desk over the real service and a real store: what the screens ask is what the service answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from opsconsole.config import load_config
from opsconsole.console import app as app_module
from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.access import Role
from opsconsole.domain.audit import ChainWatch
from opsconsole.domain.plan import Mode
from opsconsole.domain.run import Outcome, RunType
from opsconsole.errors import Conflict, NotFound
from opsconsole.service.audit import AuditQuery
from opsconsole.service.list_export import write_list
from opsconsole.service.runs import RunQuery
from opsconsole.service.setup import init_store, open_caller

from .conftest import settle
from .driving import Driver

CONFIG = """
[store]
url = "{url}"

[[tenants]]
name = "contoso"
workspace = "main"
tenant_id = "11111111-2222-4333-8444-555555555555"
base_url = "http://127.0.0.1:9"
[tenants.auth]
method = "static_token"
token = {{ env = "NO_TOKEN" }}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ServiceDesk]:
    """Return a desk at a fresh store with one tenant."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(url=f"sqlite:///{tmp_path}/ops.db"))
    path.chmod(0o600)
    caller = open_caller(load_config(path, {}), create=True)
    init_store(caller)
    desk = ServiceDesk(caller)
    yield desk
    desk.close()
    caller.db.close()


def test_a_backup_is_ordered_seen_and_cancelled(desk: ServiceDesk) -> None:
    assert desk.identity().roles == {"main": Role.OWNER}
    assert [view.name for view in desk.tenants()] == ["contoso"]
    started = desk.start_backup("contoso")
    assert started.created and [run.type for run in started.runs] == [RunType.CAPTURE, RunType.FETCH]
    page = desk.runs(RunQuery(), 50, None)
    assert {run.id for run in page.items} == {run.id for run in started.runs}
    assert desk.count_runs(RunQuery()) == 2 and sum(desk.state_counts().values()) == 2
    capture = started.runs[0]
    report = desk.run_report(capture.id)
    assert report.backup_set is not None and report.related["followed_by"] == [started.runs[1].id]
    assert desk.cancel_run(capture.id).outcome is Outcome.CANCELLED
    assert desk.run(started.runs[1].id).outcome is Outcome.CANCELLED
    assert desk.sets(50, None).items[0].id == report.backup_set.id
    assert desk.items(report.backup_set.id, None, (), 50, None).items == []


def test_what_this_process_writes_is_on_the_screen_without_asking(
    desk: ServiceDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "LOOK_S", 600.0)

    async def steps() -> None:
        app = OpsConsoleApp(desk, zone=UTC, environ={})
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await settle(pilot)
            driver = Driver(pilot)
            await driver.until(lambda: desk._feed is not None)
            started = await asyncio.to_thread(desk.start_backup, "contoso")
            await driver.until(lambda: started.runs[0].id in [row.id for row in app.screen.query_one(WindowTable).rows])
            assert "capture" in driver.text()

    asyncio.run(steps())


def test_what_cannot_be_is_an_error_of_the_service(desk: ServiceDesk) -> None:
    with pytest.raises(NotFound):
        desk.run("abcdef")
    set_id = desk.start_backup("contoso").backup_set.id  # type: ignore[union-attr]
    with pytest.raises(Conflict):
        desk.start_preview(set_id, "contoso", mode=Mode.EXACT)


def test_the_trail_is_listed_shown_and_verified(
    desk: ServiceDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk.start_backup("contoso")
    entries = desk.entries(AuditQuery(), 50, None).items
    assert entries[0]["action"] == "backup.started"
    assert desk.entry(entries[0]["id"]) == entries[0]
    assert desk.count_entries(AuditQuery(), 0)[0] == entries[0]["seq"]
    assert desk.chain().kept is None
    watch = ChainWatch()
    verdict = desk.verify(watch)
    assert verdict.ok and verdict.entries == entries[0]["seq"] == watch.total
    state = desk.chain()
    assert state.kept is not None and state.kept.head == verdict.head == state.head and state.holds
    assert write_list(desk.trail(AuditQuery()), tmp_path / "trail.jsonl") == len(entries)


def test_a_commit_of_another_process_is_noticed_once(desk: ServiceDesk) -> None:
    desk.changed()
    assert not desk.changed()
    other = open_caller(desk.caller.config)
    ServiceDesk(other).start_backup("contoso")
    other.db.close()
    assert desk.changed()
    assert not desk.changed()


def test_the_console_follows_a_real_store(desk: ServiceDesk) -> None:
    async def run() -> None:
        app = OpsConsoleApp(desk, zone=UTC, environ={})
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await settle(pilot)
            driver = Driver(pilot)
            assert "No runs yet." in driver.text()
            await driver.press("b", "tab", "enter")
            await driver.until(lambda: driver.text().count("◌ queued") == 2)
            other = open_caller(desk.caller.config)
            ServiceDesk(other).cancel_run(app.screen.query_one(WindowTable).rows[-1].id)
            other.db.close()
            await driver.until(lambda: driver.text().count("⊘ cancelled") == 2)
            await driver.press("x")
            assert "nothing to cancel" in " ".join(driver.text().split())

    asyncio.run(run())
