"""What is known of the audit trail's chain, in words: short for the title, in full below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.figures import at_length, grouped
from opsconsole.console.pen import Pen, Span
from opsconsole.domain.audit import ChainWatch, Verdict

if TYPE_CHECKING:
    from opsconsole.service.kept_heads import ChainState

WAYS_OUT = "keep a copy of the store and compare with an exported trail first"


def chain_title(
    state: ChainState | None, broken: Verdict | None, watch: ChainWatch | None, pen: Pen
) -> tuple[str, str]:
    """Return what the title says of the chain, and its ink; nothing while that is being read."""
    good, bad = ("+", "x") if pen.is_ascii else ("✓", "✗")
    if watch is not None:
        return pen.drawn("chain ▶ being verified…" if not pen.is_ascii else "chain > being verified..."), "running"
    if broken is not None and broken.first_bad is not None:
        return f"chain {bad} broken at #{grouped(broken.first_bad.seq)}", "bad"
    if state is None:
        return "", "dim"
    if not state.holds:
        return f"chain {bad} not what was verified", "bad"
    if state.kept is None:
        return "chain not verified yet", "dim"
    return f"chain {good} verified to #{grouped(state.kept.head.seq)}", "good"


def chain_lines(
    state: ChainState | None, broken: Verdict | None, watch: ChainWatch | None, pen: Pen
) -> list[list[Span]]:
    """Return the line below the title: how far a walk is, when the last good one was, or what to do about a break."""
    if watch is not None:
        return [_walking(watch, pen)]
    if broken is not None and broken.first_bad is not None:
        found = f" #{grouped(broken.first_bad.seq)} is {broken.first_bad.kind}; good up to #{grouped(broken.head.seq)}"
        return [
            [(found, pen.ink("bad")), (pen.drawn(" · v verifies again"), pen.ink("dim"))],
            [(pen.drawn(f" → {WAYS_OUT}"), pen.ink("key"))],
        ]
    if state is None:
        return [[(pen.drawn(" chain …"), pen.ink("dim"))]]
    if not state.head.seq:
        return [[(" there is nothing to verify yet", pen.ink("dim"))]]
    if state.kept is None:
        return [
            [
                (" the chain was never verified on this machine: ", pen.ink("dim")),
                ("v", pen.ink("key")),
                (f" verifies {_all_entries(state.head.seq)}", pen.ink("dim")),
            ]
        ]
    kept = state.kept
    when = at_length(kept.verified_at, pen.zone)
    if not state.holds:
        words = f" #{grouped(kept.head.seq)} is not what was verified {when[:16]}"
        return [
            [(words, pen.ink("bad")), (pen.drawn(" · v names the first break"), pen.ink("dim"))],
            [(pen.drawn(f" → {WAYS_OUT}"), pen.ink("key"))],
        ]
    since = state.head.seq - kept.head.seq
    more = f"{grouped(since)} entries since" if since != 1 else "1 entry since"
    return [
        [
            (pen.drawn(f" verified {when} · {more if since else 'nothing since'} · "), pen.ink("dim")),
            ("v", pen.ink("key")),
            (" walks it whole", pen.ink("dim")),
        ]
    ]


def _all_entries(number: int) -> str:
    return "the one entry" if number == 1 else f"all {grouped(number)} entries"


def _walking(watch: ChainWatch, pen: Pen) -> list[Span]:
    if not watch.total:
        return [(pen.drawn(" the walk begins…"), pen.ink("dim"))]
    percent = watch.walked * 100 // watch.total if watch.total else 0
    return [
        (" ", pen.ink("text")),
        *pen.bar(watch.walked, watch.total, 20),
        (f" {percent} %  {grouped(watch.walked)} of {grouped(watch.total)} entries   ", pen.ink("text")),
        ("v", pen.ink("key")),
        (" stops the walk", pen.ink("dim")),
    ]
