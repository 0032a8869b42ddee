"""The login role of docs/postgres.md has what the store and the engine need, and nothing beyond (promises 6, 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from opsconsole.service import audit, backups
from opsconsole.service.setup import open_caller
from opsconsole.store.attempts import try_guards
from opsconsole.store.checks import check_store
from opsconsole.store.database import Database
from opsconsole.store.opening import open_store
from world import CATALOG, World, config_for, group, small_tenant

from . import test_audit, test_restores, test_run_claims, test_runs

pytestmark = pytest.mark.postgres

GRANTS = re.compile(r"<!-- sql: grants -->\n```sql\n(.*?)```", re.S)


@pytest.fixture
def user_url(pg_store_url: str) -> Iterator[str]:
    """The store's url for a login role made as the document says."""
    import psycopg

    text = (Path(__file__).parents[2] / "docs" / "postgres.md").read_text(encoding="utf-8")
    found = GRANTS.search(text)
    assert found is not None
    name = f"u{uuid4().hex[:12]}"
    with psycopg.connect(pg_store_url, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(77)")
        conn.execute(found[1].encode())
        conn.execute(f"CREATE ROLE {name} LOGIN IN ROLE opsconsole_user".encode())
    parts = urlsplit(pg_store_url)
    yield parts._replace(netloc=f"{name}:@").geturl()
    with psycopg.connect(pg_store_url, autocommit=True) as conn:
        conn.execute(f"DROP ROLE {name}".encode())


@pytest.fixture
def store(user_url: str) -> Iterator[Database]:
    """The store, opened by that role."""
    with open_store(user_url) as db:
        yield db


def test_the_role_is_no_more_than_it_says(store: Database, user_url: str) -> None:
    import psycopg

    assert [line for line in check_store(store) if not line.ok] == []
    assert {line.name for line in try_guards(store) if not line.ok} == set()
    with psycopg.connect(user_url, autocommit=True) as conn:
        for sql in (
            "UPDATE audit_logs SET actor = 'x'",
            "DELETE FROM audit_logs",
            "TRUNCATE audit_logs",
            "DELETE FROM audit_head",
            "DELETE FROM operation_runs",
            "DELETE FROM restore_writes",
            "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
            "DROP TRIGGER audit_no_update ON audit_logs",
            "CREATE TABLE mine (x int)",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(sql.encode())


def test_a_backup_and_a_restore_run_under_the_role(pg_store_url: str, user_url: str, tmp_path: Path) -> None:
    world = World.make(pg_store_url, tmp_path, {"contoso": small_tenant(3)})
    try:
        name = str(urlsplit(user_url).username)
        user = world.member(f"pg:{name}", name=name)
        config = config_for(user_url, {"contoso": world.simulators["contoso"].base_url})
        owner, world.config, world.caller = world.caller, config, open_caller(config)
        world.more_callers.append(owner)
        assert world.caller.actor.key == user.actor.key
        world.backup()
        before = world.snapshot()
        world.assign(CATALOG, 1, group(12))
        run = world.execute(world.preview().id)
        assert run.counters.processed == 1, run.to_json()
        assert world.snapshot() == before
        assert audit.verify(world.caller).ok
        assert backups.list_sets(world.caller).items[0].is_complete
        world.check_all_is_settled()
    finally:
        world.close()


KEY_TESTS: tuple[Any, ...] = (
    test_audit.test_two_entries_in_one_transaction_follow_each_other,
    test_run_claims.test_the_oldest_run_of_ones_own_tenants_is_claimed,
    test_run_claims.test_a_fetch_waits_for_its_capture,
    test_run_claims.test_one_restore_at_a_time_runs_on_a_tenant,
    test_run_claims.test_a_lost_workers_run_is_taken_over_when_its_lease_ends,
    test_run_claims.test_a_released_run_is_free_at_once,
    test_run_claims.test_only_the_holder_of_the_lease_may_write_or_renew,
    test_run_claims.test_a_late_worker_writes_nothing,
)


@pytest.mark.parametrize("test", KEY_TESTS, ids=lambda test: test.__name__)
def test_the_store_does_what_it_must_under_the_role(store: Database, test: Any) -> None:
    test(store)


ALL_OF_A_MODULE = [
    function
    for module in (test_runs, test_restores)
    for name, function in vars(module).items()
    if name.startswith("test_") and function.__code__.co_varnames[: function.__code__.co_argcount] == ("store",)
]


@pytest.mark.parametrize("test", ALL_OF_A_MODULE, ids=lambda test: test.__name__)
def test_runs_and_restores_are_kept_under_the_role(store: Database, test: Any) -> None:
    test(store)
