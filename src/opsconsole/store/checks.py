"""Whether everything that the promises rest on is still in the database, as this version made it, and enforced."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from opsconsole.store.database import Database, Session
from opsconsole.store.migrations import STEPS, split_statements

_CREATED = re.compile(r"CREATE (?:UNIQUE )?(TABLE|INDEX|TRIGGER) (\w+)")
_TABLE = re.compile(r"CREATE TABLE (\w+) \((.*?)\n\);", re.DOTALL)
_COLUMN = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+)")
_CONSTRAINT = re.compile(r"CONSTRAINT (\w+)")
_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX (\w+) ON (.*?);", re.DOTALL)
_TRIGGER = re.compile(r"CREATE TRIGGER (\w+)")
_FUNCTION = re.compile(r"CREATE FUNCTION (\w+)\(\).*?\$\$(.*?)\$\$", re.DOTALL)

MISSING = "missing"
CHANGED = "not as this version made it"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One finding of ``db check``."""

    name: str
    ok: bool
    detail: str = ""


def check_store(db: Database) -> list[CheckLine]:
    """Return one line for each part of the schema, whether it is there and enforced, and for what the store keeps."""
    with db.read() as s:
        lines = list(_check_sqlite(s) if s.dialect == "sqlite" else _check_postgres(s))
        if all(line.ok for line in lines if line.name.startswith("table ")):
            lines += _check_kept(s)
    return lines


def _line(name: str, detail: str) -> CheckLine:
    return CheckLine(name, not detail, detail)


def _check_sqlite(s: Session) -> Iterator[CheckLine]:
    found = {
        (row["type"].upper(), row["name"]): row["sql"] or ""
        for row in s.all("SELECT type, name, sql FROM sqlite_master")
    }
    for (kind, name), wanted_sql in _made_by_steps():
        there = found.get((kind, name))
        detail = MISSING if there is None else "" if _same(there, wanted_sql) else CHANGED
        yield _line(f"{kind.lower()} {name}", detail)
    for pragma, wanted in (("foreign_keys", 1), ("recursive_triggers", 1), ("journal_mode", "wal"), ("synchronous", 2)):
        row = s.one(f"PRAGMA {pragma}") or {}
        value = next(iter(row.values()), None)
        yield _line(f"setting {pragma}", "" if value == wanted else f"is {value}")
    broken = s.all("PRAGMA foreign_key_check")
    yield _line("every reference leads somewhere", f"{len(broken)} do not" if broken else "")
    whole = s.all("PRAGMA quick_check(1)")
    yield _line("the file is whole", "" if [*whole[0].values()] == ["ok"] else "it is damaged")


def _made_by_steps() -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what the steps create, as it stands once all of them were taken: a later one may alter a table."""
    names = []
    # A store in memory tells how SQLite itself writes an altered table down.
    with contextlib.closing(sqlite3.connect(":memory:")) as conn:
        for step in STEPS:
            for statement in split_statements(step.script("sqlite")):
                conn.execute(statement)
                if created := _CREATED.match(statement):
                    names.append((created[1], created[2]))
        made = {
            (kind.upper(), name): sql for kind, name, sql in conn.execute("SELECT type, name, sql FROM sqlite_master")
        }
    for name in names:
        yield name, made[name]


def _same(there: str, statement: str) -> bool:
    return _squeeze(there) == _squeeze(statement.rstrip(";"))


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", text)).strip()


def _check_postgres(s: Session) -> Iterator[CheckLine]:
    here = "n.nspname = current_schema()"
    relations = {
        row["name"]: row
        for row in s.all(
            "SELECT c.relname AS name, c.relkind AS kind, i.indisunique AS is_unique, i.indisvalid AS is_valid,"
            " i.indpred IS NOT NULL AS is_partial FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            f" LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE {here}"
        )
    }
    constraints = {
        (row["relation"], row["name"]): row["is_valid"]
        for row in s.all(
            "SELECT c.relname AS relation, k.conname AS name, k.convalidated AS is_valid FROM pg_constraint k"
            f" JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {here}"
        )
    }
    triggers = {
        row["name"]: row["enabled"]
        for row in s.all(
            "SELECT g.tgname AS name, g.tgenabled AS enabled FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid"
            f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT g.tgisinternal AND {here}"
        )
    }
    functions = {
        row["name"]: row["body"]
        for row in s.all(
            "SELECT p.proname AS name, p.prosrc AS body FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            f" WHERE {here}"
        )
    }
    columns = {
        (row["relation"], row["name"])
        for row in s.all(
            "SELECT table_name AS relation, column_name AS name FROM information_schema.columns"
            " WHERE table_schema = current_schema()"
        )
    }
    for step in STEPS:
        script = re.sub(r"--[^\n]*", "", step.script("postgres"))
        for table, body in _TABLE.findall(script):
            yield _line(f"table {table}", "" if table in relations else MISSING)
            for name in _CONSTRAINT.findall(body):
                valid = constraints.get((table, name))
                yield _line(f"constraint {name}", MISSING if valid is None else "" if valid else "not enforced")
        for table, column in _COLUMN.findall(script):
            yield _line(f"column {table}.{column}", "" if (table, column) in columns else MISSING)
        for unique, name, rest in _INDEX.findall(script):
            row = relations.get(name)
            detail = ""
            if row is None:
                detail = MISSING
            elif (bool(row["is_unique"]), bool(row["is_partial"])) != (bool(unique), " WHERE " in _squeeze(rest)):
                detail = CHANGED
            elif not row["is_valid"]:
                detail = "not enforced"
            yield _line(f"index {name}", detail)
        for name in _TRIGGER.findall(script):
            enabled = triggers.get(name)
            wanted = "A" if f"ENABLE ALWAYS TRIGGER {name};" in script else "O"
            detail = MISSING if enabled is None else "" if enabled in (wanted, "A") else "switched off"
            yield _line(f"trigger {name}", detail)
        for name, body in _FUNCTION.findall(step.script("postgres")):
            there = functions.get(name)
            detail = MISSING if there is None else "" if _squeeze(there) == _squeeze(body) else CHANGED
            yield _line(f"function {name}", detail)


def _check_kept(s: Session) -> Iterator[CheckLine]:
    wrong = s.all(
        "SELECT workspace_id, tenant_id, type, status, outcome FROM ("
        " SELECT workspace_id, tenant_id, type, status, outcome, n FROM run_counts UNION ALL"
        " SELECT workspace_id, tenant_id, type, status, outcome, -COUNT(*) FROM operation_runs"
        " GROUP BY workspace_id, tenant_id, type, status, outcome) AS both_sides"
        " GROUP BY workspace_id, tenant_id, type, status, outcome HAVING SUM(n) <> 0"
    )
    yield _line("the kept counts of runs are right", f"{len(wrong)} are not" if wrong else "")
    head = s.one("SELECT seq, hash FROM audit_head WHERE id = 1")
    last = s.one("SELECT seq, hash FROM audit_logs ORDER BY seq DESC LIMIT 1")
    fits = head is not None and (head == last or (last is None and head["seq"] == 0))
    yield _line("the audit log ends at its head", "" if fits else "it does not: run `opsconsole audit verify`")
