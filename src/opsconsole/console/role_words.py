"""What each role may do, in words: made from the table that decides it."""

from __future__ import annotations

from opsconsole.console.pen import Pen, Span
from opsconsole.domain.access import CAPABILITY_FROM, ROLE_ORDER, Capability, Role, allows

CAPABILITY_WORDS: dict[Capability, str] = {
    Capability.VIEW: "look at everything",
    Capability.FETCH_START: "back up",
    Capability.PREVIEW_CREATE: "preview restores",
    Capability.DRIFT_START: "check drift",
    Capability.CHECK_START: "check tenants",
    Capability.RESTORE_EXECUTE: "restore and undo",
    Capability.SCHEDULE_MANAGE: "manage schedules",
    Capability.EXPORT_PAYLOAD: "export policies",
    Capability.MEMBER_MANAGE: "manage members",
    Capability.TENANT_MANAGE: "manage tenants",
}
"""What a capability lets its holder do."""

TABLE_WORDS = 19
"""Columns of those words in the table, with a blank behind the longest."""


def gained(role: Role) -> str:
    """Return what a role may do beyond the one before it: ``back up, preview restores, …``."""
    return ", ".join(CAPABILITY_WORDS[one] for one, first in CAPABILITY_FROM.items() if first is role)


def may_words(role: Role) -> str:
    """Return what a role may do, as a note beside its name in a list to pick from."""
    place = ROLE_ORDER.index(role)
    return gained(role) if not place else f"as {ROLE_ORDER[place - 1].value}; {gained(role)}"


def role_lines(pen: Pen) -> list[list[Span]]:
    """Return one line a role: what it may do beyond the one above it."""
    lines: list[list[Span]] = []
    for role in ROLE_ORDER:
        sign = "" if role is ROLE_ORDER[0] else "+ "
        lines.append([*pen.cell(role.value, 10, "strong"), (f"{sign}{gained(role)}", pen.ink("text"))])
    return lines


def role_table(pen: Pen) -> list[list[Span]]:
    """Return the whole table: capabilities down, roles across."""
    yes, no = ("+", ".") if pen.is_ascii else ("✓", "·")
    lines: list[list[Span]] = [
        [
            (" " * TABLE_WORDS, pen.ink("dim")),
            *(span for role in ROLE_ORDER for span in pen.cell(_short(role), 6, "dim")),
        ]
    ]
    for capability, words in CAPABILITY_WORDS.items():
        line = pen.cell(words, TABLE_WORDS)
        for role in ROLE_ORDER:
            has = allows(role, capability)
            line += pen.cell(yes if has else no, 6, "good" if has else "faint")
        lines.append(line)
    return lines


_SHORT = {Role.READONLY: "read", Role.OPERATOR: "oper", Role.MANAGER: "mgr", Role.OWNER: "own"}


def _short(role: Role) -> str:
    return _SHORT[role]
