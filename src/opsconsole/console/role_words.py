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
    Capability.SCHEDULE_MANAGE: "schedule",
    Capability.EXPORT_PAYLOAD: "export policies",
    Capability.MEMBER_MANAGE: "manage members",
    Capability.TENANT_MANAGE: "manage tenants",
}
"""What a capability lets its holder do."""


def gained(role: Role) -> str:
    """Return what a role may do beyond the one before it: ``back up, preview restores, …``."""
    return ", ".join(CAPABILITY_WORDS[one] for one, first in CAPABILITY_FROM.items() if first is role)


def may_words(role: Role) -> str:
    """Return what a role may do, as a note beside its name in a list to pick from."""
    return gained(role) if role is ROLE_ORDER[0] else f"+ {gained(role)}"


def role_lines(pen: Pen) -> list[list[Span]]:
    """Return one line a role: what it may do beyond the one above it."""
    lines: list[list[Span]] = []
    for role in ROLE_ORDER:
        lines.append([*pen.cell(role.value, 10, "strong"), (may_words(role), pen.ink("text"))])
    return lines


def role_table(pen: Pen) -> list[list[Span]]:
    """Return the whole table: capabilities down, roles across."""
    yes, no = ("+", ".") if pen.is_ascii else ("✓", "·")
    heads = [(role, len(role.value) + 2) for role in ROLE_ORDER]
    lines = [[*pen.cell("", 19), *(span for role, width in heads for span in pen.cell(role.value, width, "dim"))]]
    for capability, words in CAPABILITY_WORDS.items():
        line = pen.cell(words, 19)
        for role, width in heads:
            has = allows(role, capability)
            line += pen.cell(yes if has else no, width, "good" if has else "faint")
        lines.append(line)
    return lines
