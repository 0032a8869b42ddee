"""An entry of the trail as lines to read: who, what, to how much, under which plan, its place in the chain, and what it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opsconsole.console.audit_columns import RESOURCE_WORDS, audit_state
from opsconsole.console.desk.audit import AuditJson
from opsconsole.console.figures import at_length, grouped
from opsconsole.console.folding import folded
from opsconsole.console.pen import Pen, Span
from opsconsole.domain.ids import ID_LENGTH, looks_like_id

NAME_WIDTH = 16
"""Columns of the names at the left, with the blanks behind them."""

_LINKS = {
    "run": "run",
    "capture": "run",
    "fetch": "run",
    "retry_of": "run",
    "backup_set": "set",
    "restore_run": "plan",
    "undo_of": "plan",
}
"""Details that name a thing which has a screen; what is named so is a run, a set or a plan."""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One line: a name, its text and ink; ``right`` is the other side where two stand beside each other.

    ``opens`` names what Enter opens: kind and id. ``key`` sorts as the lines stand.
    """

    key: str
    name: str
    text: str
    ink: str = "text"
    right: str | None = None
    right_ink: str = "dim"
    opens: tuple[str, str] | None = None


def entry_lines(entry: AuditJson, pen: Pen, room: int) -> list[EntryLine]:
    """Return an entry as lines; what is longer than ``room`` columns goes on below."""
    state = audit_state(entry)
    where = " · ".join(str(entry[key]) for key in ("workspace", "tenant") if entry.get(key))
    kind = str(entry["resource_type"])
    about = f"{RESOURCE_WORDS.get(kind, kind.replace('_', ' '))} {entry['resource_id']}"
    parts: list[tuple[str, str, str, tuple[str, str] | None]] = [
        ("what", str(entry["action"]), "strong", None),
        ("outcome", pen.state(state), state.ink, None),
        ("who", str(entry["actor"]), "text", None),
        ("when", at_length(entry["created_at"], pen.zone), "text", None),
        (
            "where",
            where or "the whole store",
            "text",
            ("tenant", str(entry["tenant"])) if entry.get("tenant") else None,
        ),
        ("on", about, "text", _resource_link(entry)),
    ]
    details = entry.get("details") or {}
    for name, value in details.items():
        parts += _detail(str(name), value, nothing=_nothing(entry, str(name)))
    parts += [
        ("in the chain", f"#{grouped(entry['seq'])}", "text", None),
        ("hash", str(entry["hash"]), "dim", None),
        ("hash before", str(entry["prev_hash"]), "dim", None),
        ("id", str(entry["id"]), "dim", None),
    ]
    lines = []
    for number, (name, text, ink, opens) in enumerate(parts):
        for fold, part in enumerate(folded(text, room)):
            lines.append(EntryLine(f"a{number:04d}.{fold:04d}", "" if fold else name, part, ink, opens=opens))
    return lines


def side_lines(entry: AuditJson, pen: Pen, width: int) -> list[list[Span]]:
    """Return an entry for the panel beside the list."""
    lines: list[list[Span]] = []
    for line in entry_lines(entry, pen, max(16, width - NAME_WIDTH)):
        lines.append([*pen.cell(line.name, NAME_WIDTH, "dim"), (pen.drawn(line.text), pen.ink(line.ink))])
    return lines


def _resource_link(entry: AuditJson) -> tuple[str, str] | None:
    kind = {"run": "run", "backup_set": "set", "restore_run": "plan"}.get(str(entry["resource_type"]))
    return (kind, str(entry["resource_id"])) if kind else None


def _nothing(entry: AuditJson, name: str) -> str:
    """Return what an empty value says: a backup without a choice of types has them all."""
    return "all" if name == "types" and str(entry["action"]).startswith("backup") else "none"


def _detail(name: str, value: Any, nothing: str = "none") -> list[tuple[str, str, str, tuple[str, str] | None]]:
    label = name.replace("_", " ")
    if isinstance(value, dict):
        words = ", ".join(
            f"{key.replace('_', ' ')} {inner}" for key, inner in value.items() if inner not in (None, 0, "")
        )
        return [(label, words or "none", "text", None)]
    if isinstance(value, list):
        if not value:
            return [(label, nothing, "dim", None)]
        return [(label if not index else "", str(inner), "text", None) for index, inner in enumerate(value)]
    if value is None:
        return [(label, nothing, "dim", None)]
    text = str(value)
    is_link = name in _LINKS and len(text) == ID_LENGTH and looks_like_id(text)
    return [(label, text, "text", (_LINKS[name], text) if is_link else None)]
