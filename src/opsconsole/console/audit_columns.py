"""The columns of the audit trail."""

from __future__ import annotations

from opsconsole.console.desk.audit import AuditJson
from opsconsole.console.figures import at, grouped
from opsconsole.console.pen import Pen, Span
from opsconsole.console.states import AUDIT_STATES, State
from opsconsole.console.widgets.column import Column
from opsconsole.domain.ids import short_id

_UNKNOWN = State("?", "unknown", "dim", "?")

RESOURCE_WORDS = {"restore_run": "plan", "backup_set": "set"}
"""What kinds of things are called on screens; the others as they are stored."""


def audit_state(entry: AuditJson) -> State:
    """Return how an entry's outcome is shown."""
    return AUDIT_STATES.get(str(entry["outcome"]), _UNKNOWN)


def _action(entry: AuditJson) -> str:
    return str(entry["action"]).removeprefix("assignments.")


def _what(entry: AuditJson, pen: Pen, width: int) -> list[Span]:
    return pen.cell(_action(entry), width, "strong")


def resource_words(entry: AuditJson) -> str:
    """Return what an entry is about: ``plan 9f2c01``."""
    kind, ref = str(entry["resource_type"]), str(entry["resource_id"])
    kind = RESOURCE_WORDS.get(kind, kind.replace("_", " "))
    return f"{kind} {short_id(ref) if len(ref) == 36 else ref}"


AUDIT_COLUMNS: tuple[Column[AuditJson], ...] = (
    Column(
        "#",
        7,
        lambda row, pen, width: pen.cell(grouped(row["seq"]), width, "dim", right=True),
        right=True,
        from_width=62,
    ),
    Column("When", 8, lambda row, pen, width: pen.cell(at(row["created_at"], pen.now, pen.zone), width, "dim")),
    Column("Who", 8, lambda row, pen, width: pen.cell(row["actor"], width)),
    Column("What", 20, _what, flex=1, below_width=76),
    Column("What", 22, _what, flex=1, from_width=76),
    Column("On", 11, lambda row, pen, width: pen.cell(resource_words(row), width), flex=1, from_width=75),
    Column("Tenant", 12, lambda row, pen, width: pen.cell(row["tenant"] or "", width), from_width=100),
    Column("Outcome", 10, lambda row, pen, width: pen.state_cell(audit_state(row), width)),
)
