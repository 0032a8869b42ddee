"""The login role of docs/postgres.md, which all tests on Postgres work as, may do nothing beyond (promises 6, 14)."""

from __future__ import annotations

import pytest

from opsconsole.service.caller import actor_at
from opsconsole.store.attempts import try_guards
from opsconsole.store.checks import check_store
from opsconsole.store.database import Database

pytestmark = pytest.mark.postgres

NOT_ALLOWED = (
    "UPDATE audit_logs SET actor = 'x'",
    "DELETE FROM audit_logs",
    "TRUNCATE audit_logs",
    "DELETE FROM audit_head",
    "INSERT INTO audit_head VALUES (2, 0, '')",
    "DELETE FROM operation_runs",
    "DELETE FROM restore_writes",
    "DELETE FROM backup_sets",
    "TRUNCATE operation_runs CASCADE",
    "INSERT INTO schema_migrations (migration_set, name) VALUES ('opsconsole', '9999_later')",
    "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_no_update ON audit_logs",
    "CREATE TABLE mine (x int)",
    "CREATE TEMPORARY TABLE mine (x int)",
    "CREATE OR REPLACE FUNCTION opsconsole_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$",
    "SET session_replication_role = replica",
    "CREATE ROLE another",
)
"""What would break a promise, or only makes no sense for somebody who works with the tables."""


@pytest.mark.parametrize("dialect", ["postgres"])
def test_what_tests_work_as_is_the_documented_role_and_no_more(store: Database, store_url: str) -> None:
    import psycopg

    assert actor_at(store).key == "pg:opsconsole_tester"
    assert [line for line in check_store(store) if not line.ok] == []
    assert {line.name for line in try_guards(store) if not line.ok} == set()
    with psycopg.connect(store_url, autocommit=True) as conn:
        member = conn.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert member == (False, False, False, False)
        owned = conn.execute("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = current_user").fetchall()
        assert owned == []
        for sql in NOT_ALLOWED:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(sql.encode())
                pytest.fail(f"allowed: {sql}")


@pytest.mark.parametrize("dialect", ["postgres"])
def test_the_owner_is_no_superuser_either(owner_store: Database) -> None:
    with owner_store.read() as s:
        assert s.one("SELECT rolsuper, session_user AS name FROM pg_roles WHERE rolname = current_user") == {
            "rolsuper": False,
            "name": "opsconsole_owner",
        }
