"""The lines of the dashboard: whether all is well, what goes on now, the last day, and what the newest backups hold."""

from __future__ import annotations

from opsconsole.console.figures import age, at, grouped, left
from opsconsole.console.health_states import URGENCY_STATES, closed_until
from opsconsole.console.pen import Pen, Span, width_of
from opsconsole.console.run_columns import progress_of, seconds_left, target_of
from opsconsole.console.states import RUN_STATES, SET_STATES, TYPE_WORDS, state_of_run, state_of_set
from opsconsole.domain.attention import Urgency
from opsconsole.domain.backup import BackupSet, TypeStatus
from opsconsole.domain.clock import to_text
from opsconsole.domain.plain_text import cell_width, cut, plain
from opsconsole.domain.run import OperationRun, Status
from opsconsole.graph.policy_types import POLICY_TYPES
from opsconsole.service.overview import Overview
from opsconsole.service.tenant_views import TenantView
from opsconsole.store.overview import SetMark

Lines = list[list[Span]]

LABEL_WIDTH = 12
"""Columns of the words at the left."""

BAR_WIDTH = 16

LOW, MAX_RUNS = 30, 3
"""On a terminal of fewer lines one run is shown, so that the list keeps its room."""

MAX_TENANTS = 3
"""Tenants whose coverage stands on a small terminal; ``T`` lists them all."""


def overview_lines(found: Overview, pen: Pen, width: int, height: int) -> Lines:
    """Return the lines above the list, each at most ``width`` columns; fewer of them where the terminal is low."""
    return [
        _headline(found, pen),
        _now(found, pen, width),
        *_runs(found, pen, width, 1 if height < LOW else MAX_RUNS),
        *_day(found, pen, width),
        *_failures(found, pen, width),
    ]


def _label(pen: Pen, text: str) -> list[Span]:
    return pen.cell(f" {text}", LABEL_WIDTH, "dim")


def _headline(found: Overview, pen: Pen) -> list[Span]:
    if not found.tenants:
        return [(" No tenant yet.", pen.ink("strong"))]
    counts = {urgency: sum(need.info.urgency is urgency for need in found.needs) for urgency in Urgency}
    notes = counts[Urgency.NOTE]
    if found.is_well:
        words: list[Span] = [(pen.drawn(" ✓ All is well."), pen.ink("good"))]
        if notes:
            words.append((f"  {notes} {'note' if notes == 1 else 'notes'} below.", pen.ink("dim")))
        return words
    urgent, soon = counts[Urgency.URGENT], counts[Urgency.SOON]
    number = urgent + soon
    state = URGENCY_STATES[Urgency.URGENT if urgent else Urgency.SOON]
    glyph = state.ascii if pen.is_ascii else state.glyph
    head = f"{glyph} {number} {'thing needs' if number == 1 else 'things need'} you"
    parts = [f"{count} {word}" for count, word in ((urgent, "now"), (soon, "soon")) if count and urgent and soon]
    return [
        (" ", pen.ink("text")),
        (head, pen.ink(state.ink)),
        (f": {', '.join(parts)}" if parts else "", pen.ink("text")),
    ]


def _counted(pen: Pen, number: int, key: str, word: str = "") -> list[Span]:
    state = RUN_STATES[key]
    glyph = state.ascii if pen.is_ascii else state.glyph
    ink = state.ink if number else "faint"
    return [
        (f"{glyph} {grouped(number)}", pen.ink(ink)),
        (f" {word or state.word}   ", pen.ink("dim" if number else "faint")),
    ]


def _now(found: Overview, pen: Pen, width: int) -> list[Span]:
    line = [*_label(pen, "Now"), *_counted(pen, found.running, "running"), *_counted(pen, found.queued, "queued")]
    live = (
        f"{found.engines} {'engine' if found.engines == 1 else 'engines'} live" if found.engines else "no engine live"
    )
    line.append((f"{live}   ", pen.ink("text" if found.engines else "partial")))
    now = to_text(pen.now)
    waits = [(until, view.name) for view in found.tenants if (until := closed_until(view, now))]
    if waits:
        until, name = max(waits)
        words = f"throttled until {at(until, pen.now, pen.zone)}"
        room = width - width_of(line) - len(words) - 2
        who = f"{cut(plain(name), 20)} " if len(found.tenants) > 1 else ""
        line.append((f"{who if cell_width(who) <= room else ''}{words}", pen.ink("partial")))
    return line


def _runs(found: Overview, pen: Pen, width: int, most: int) -> Lines:
    running = [run for run in found.active if run.status is Status.RUNNING]
    # One that knows its total tells more than one that still lists.
    running.sort(key=lambda run: progress_of(run)[1] == 0)
    return [_run(run, pen, width) for run in running[:most]]


def _run(run: OperationRun, pen: Pen, width: int) -> list[Span]:
    done, total = progress_of(run)
    state = state_of_run(run)
    head: list[Span] = [
        *pen.cell("", LABEL_WIDTH),
        (f"{TYPE_WORDS[run.type]} ", pen.ink(state.ink)),
        (pen.drawn(f"{cut(target_of(run, pen.only_tenant), 24)}  "), pen.ink("text")),
    ]
    if total:
        head += [*pen.bar(done, total, BAR_WIDTH), (f" {done * 100 // total} %", pen.ink("strong"))]
    words = f"  {grouped(done)} of {grouped(total)}" if total else f"  {grouped(done)} so far"
    remaining = seconds_left(run, pen)
    to_go = f" · {left(remaining)} left" if remaining is not None else ""
    room = max(0, width - width_of(head))
    return [*head, (pen.drawn(words + to_go if len(words + to_go) < room else cut(words, room)), pen.ink("dim"))]


def _day(found: Overview, pen: Pen, width: int) -> Lines:
    day = found.day
    line = _label(pen, "Last 24 h")
    shown = [key for key in ("succeeded", "partially_succeeded", "failed", "cancelled") if day.outcomes.get(key)]
    if not shown:
        return [[*line, ("no run ended", pen.ink("dim"))]]
    for key in shown:
        line += _counted(pen, day.outcomes[key], key)
    done = [f"{grouped(day.policies_backed_up)} policies backed up"] if day.policies_backed_up else []
    if day.restores:
        noun = "restore" if day.restores == 1 else "restores"
        wrote = f" wrote {grouped(day.policies_restored)}" if day.policies_restored else ""
        done.append(f"{grouped(day.restores)} {noun}{wrote}")
    words = ", ".join(done)
    if not words:
        return [line]
    if width_of(line) + len(words) < width:
        return [[*line, (words, pen.ink("text"))]]
    return [line, [*_label(pen, ""), (words, pen.ink("text"))]]


def _failures(found: Overview, pen: Pen, width: int) -> Lines:
    if not found.day.failures:
        return []
    words = ", ".join(f"{grouped(count)} {reason.replace('_', ' ')}" for reason, count in found.day.failures.items())
    return [[*_label(pen, "Failures"), (cut(words, width - LABEL_WIDTH - 1), pen.ink("text"))]]


def coverage_lines(found: Overview, pen: Pen, width: int) -> Lines:
    """Return a line for each tenant, those with gaps first, and what its newest backup lacks."""
    lines: Lines = []
    views = sorted(found.tenants, key=lambda view: (_missing(found, view) == 0, view.name))
    for view in views[:MAX_TENANTS]:
        lines.append(_coverage(found, view, pen, width))
        newest = found.sets.get(view.name)
        # With several tenants the list above says what is missing; there is a line for each.
        if len(views) == 1 and newest is not None and (gaps := gap_words(newest)):
            lines.append([*pen.cell("", LABEL_WIDTH), (cut(gaps, width - LABEL_WIDTH - 1), pen.ink("dim"))])
    more = len(views) - MAX_TENANTS
    if more > 0:
        lines.append(
            [*pen.cell("", LABEL_WIDTH), ("T", pen.ink("key")), (f" lists {more} more tenants", pen.ink("dim"))]
        )
    return lines


def _missing(found: Overview, view: TenantView) -> int:
    newest = found.sets.get(view.name)
    return newest.missing if newest else 0


def _coverage(found: Overview, view: TenantView, pen: Pen, width: int) -> list[Span]:
    newest = found.sets.get(view.name)
    name = pen.cell(f" {view.name}", LABEL_WIDTH - 1, "strong")
    if newest is None:
        return [*name, (" ", pen.ink("text")), ("no backup yet", pen.ink("partial"))]
    state = state_of_set(newest)
    words = f"   {grouped(newest.count('fetched'))} of {grouped(newest.count('listed'))} policies"
    line: list[Span] = [*name, (" ", pen.ink("text")), (pen.state(state), pen.ink(state.ink)), (words, pen.ink("text"))]
    if not newest.missing:
        tail = f"made {_ago(newest, pen)}"
    elif view.complete_set is not None:
        tail = f"last complete {_ago(view.complete_set, pen)}"
    else:
        tail = "never complete"
    return [*line, (" " * max(2, width - width_of(line) - len(tail) - 1), pen.ink("text")), (tail, pen.ink("dim"))]


def _ago(made: BackupSet | SetMark, pen: Pen) -> str:
    words = age(made.created_at, pen.now)
    return words if words == "just now" else f"{words} ago"


def gap_words(newest: BackupSet) -> str:
    """Return in words which types a set lacks something of, or that this tenant does not have."""
    words = []
    for key, counts in newest.by_type.items():
        if counts.status in (TypeStatus.FAILED, TypeStatus.PENDING):
            words.append(f"{label_of(key)} not listed")
        elif counts.status is TypeStatus.PARTIAL:
            words.append(f"{label_of(key)} listed in part")
        elif lacking := counts.listed - counts.fetched:
            words.append(f"{label_of(key)} {grouped(lacking)}")
    away = sum(counts.status is TypeStatus.NOT_AVAILABLE for counts in newest.by_type.values())
    lacks = [f"lacks {', '.join(words)}"] if words else []
    return "; ".join([*lacks, *([f"{_types(away)} not available"] if away else [])])


def _types(number: int) -> str:
    return f"{number} {'type' if number == 1 else 'types'}"


def label_of(key: str) -> str:
    """Return what people call a policy type."""
    row = POLICY_TYPES.get(key)
    return row.label if row else plain(key)


def panel_lines(name: str, newest: BackupSet, pen: Pen, width: int, height: int) -> Lines:
    """Return what a set holds of each type, those with gaps first, as far as there is room."""
    state = state_of_set(newest)
    lines: Lines = [
        [(cut(f" {name}", width - 14), pen.ink("strong")), (f"  {pen.state(state)}", pen.ink(state.ink))],
        [(f" {grouped(newest.count('fetched'))} of {grouped(newest.count('listed'))} policies", pen.ink("text"))],
        [],
    ]
    order = sorted(newest.by_type.items(), key=lambda pair: (-pair[1].missing, -pair[1].listed, label_of(pair[0])))
    held = [pair for pair in order if pair[1].listed or pair[1].missing]
    bare = sum(counts.status is TypeStatus.LISTED and not counts.listed for _, counts in order)
    away = sum(counts.status is TypeStatus.NOT_AVAILABLE for _, counts in order)
    tails = [f"{_types(n)} {word}" for n, word in ((bare, "without a policy"), (away, "not available")) if n]
    room = max(1, height - len(lines) - len(tails) - 2)
    for key, counts in held[:room]:
        fetched, listed = grouped(counts.fetched), grouped(counts.listed)
        words, ink = f"{fetched} of {listed}", "text"
        if counts.status in (TypeStatus.FAILED, TypeStatus.PENDING):
            words, ink = "not listed", "bad"
        elif counts.missing:
            ink = "bad"
        glyph = SET_STATES["incomplete" if counts.missing else "complete"]
        mark = glyph.ascii if pen.is_ascii else glyph.glyph
        lines.append(
            [
                (f" {mark} ", pen.ink("partial" if counts.missing else "good")),
                *pen.cell(label_of(key), width - 20),
                *pen.cell(words, 16, ink, right=True),
            ]
        )
    if len(held) > room:
        tails.insert(0, f"{_types(len(held) - room)} more")
    return [*lines, [], *[[(f" {words}", pen.ink("dim"))] for words in tails]]


def well_lines(found: Overview, pen: Pen) -> Lines:
    """Return what stands in place of an empty list: in words, why nothing needs anybody, or where to begin."""
    if not found.tenants:
        return [
            [("There is no tenant yet.", pen.ink("strong"))],
            [("Add a [[tenants]] block to the configuration file and run", pen.ink("dim"))],
            [("`opsconsole init`: it says what is to be filled in.", pen.ink("dim"))],
            [],
            [("Without a tenant: `opsconsole demo` shows a simulated one.", pen.ink("text"))],
        ]
    return [
        [("Nothing needs you.", pen.ink("strong"))],
        [("Every tenant has a fresh, complete backup; no run left anything", pen.ink("dim"))],
        [("undone, nothing drifted, and the audit trail is as verified.", pen.ink("dim"))],
    ]
