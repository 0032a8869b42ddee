"""The lines of a tenant: its health, its newest backup, and what its engines spend of Graph's budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from opsconsole.console.figures import age, at, grouped, left, seconds_between
from opsconsole.console.health_states import ACCESS_STATES, closed_until, health_of
from opsconsole.console.pen import Pen, Span, width_of
from opsconsole.console.states import SET_STATES
from opsconsole.domain.backup import BackupSet
from opsconsole.domain.clock import to_text
from opsconsole.domain.graph_budget import AreaUse
from opsconsole.domain.plain_text import cut, plain
from opsconsole.service.access_lines import AccessLine, AccessState
from opsconsole.service.tenant_views import TenantView

Lines = list[list[Span]]

LABEL_WIDTH = 10
"""Columns of the words at the left."""

AREA_WIDTH = 14
BAR_WIDTH = 12


@dataclass(frozen=True, slots=True)
class Spent:
    """What all live engines together spend in a tenant."""

    engines: int
    in_flight: int
    waiting: int
    at_a_time: int
    areas: Mapping[str, AreaUse]


def spent_of(view: TenantView) -> Spent:
    """Return what the tenant's engines spend together: requests draw on one budget, each has its part of the writes."""
    budgets = [engine.budget for engine in view.engines if engine.budget is not None]
    areas: dict[str, AreaUse] = {}
    for use in (use for budget in budgets for use in budget.areas):
        known = areas.get(use.area)
        areas[use.area] = (
            use
            if known is None
            else AreaUse(
                use.area,
                known.requests + use.requests,
                use.requests_limit,
                known.writes + use.writes,
                known.writes_limit + use.writes_limit,
                use.period_s,
            )
        )
    return Spent(
        len(view.engines),
        sum(budget.in_flight for budget in budgets),
        sum(budget.waiting for budget in budgets),
        sum(budget.concurrency for budget in budgets),
        dict(sorted(areas.items(), key=lambda pair: -_share(pair[1]))),
    )


def _share(use: AreaUse) -> float:
    return max(use.requests / max(1, use.requests_limit), use.writes / max(1, use.writes_limit))


def _label(pen: Pen, text: str) -> list[Span]:
    return pen.cell(f" {text}", LABEL_WIDTH, "dim")


def health_lines(
    view: TenantView, access: tuple[AccessLine, ...], newest: BackupSet | None, pen: Pen, width: int
) -> Lines:
    """Return health, last check and newest backup, each on a line of at most ``width`` columns."""
    state = health_of(view, to_text(pen.now))
    marks = [view.workspace, *(["production"] if view.is_production else []), view.auth_method or "not configured here"]
    head: list[Span] = [
        (" ", pen.ink("text")),
        (pen.state(state), pen.ink(state.ink)),
        (f"  {cut(view.name, 30)}", pen.ink("strong")),
    ]
    words = cut(f"  {' · '.join(marks)}", max(0, width - width_of(head) - 1))
    return [
        [*head, (pen.drawn(words), pen.ink("dim"))],
        _check_line(view, access, pen),
        _backup_line(view, newest, pen),
    ]


def _check_line(view: TenantView, access: tuple[AccessLine, ...], pen: Pen) -> list[Span]:
    line = _label(pen, "Checked")
    if view.last_check is None:
        return [
            *line,
            ("never: what may be read is not known. ", pen.ink("partial")),
            ("c", pen.ink("key")),
            (" checks it.", pen.ink("text")),
        ]
    line.append((f"{_ago(view.last_check['completed_at'], pen)}   ", pen.ink("text")))
    counts = Counter(one.state for one in access)
    for state in AccessState:
        if counts[state]:
            shown = ACCESS_STATES[state]
            glyph = shown.ascii if pen.is_ascii else shown.glyph
            line += [(f"{glyph} {counts[state]}", pen.ink(shown.ink)), (f" {shown.word}   ", pen.ink("dim"))]
    return line


def _backup_line(view: TenantView, newest: BackupSet | None, pen: Pen) -> list[Span]:
    line = _label(pen, "Backup")
    if newest is None:
        return [
            *line,
            ("none yet. ", pen.ink("partial")),
            ("b", pen.ink("key")),
            (" makes the first one.", pen.ink("text")),
        ]
    state = SET_STATES["complete" if newest.is_complete else "incomplete"]
    line += [
        (f"{_ago(newest.created_at, pen)}  ", pen.ink("text")),
        (pen.state(state), pen.ink(state.ink)),
        (f"  {grouped(newest.count('fetched'))} of {grouped(newest.count('listed'))} policies", pen.ink("text")),
    ]
    if not newest.is_complete:
        when = f"last complete: {age(view.complete_set.created_at, pen.now)}" if view.complete_set else "never complete"
        line.append((f"  {when}", pen.ink("dim")))
    return line


def _ago(moment: str, pen: Pen) -> str:
    words = age(moment, pen.now)
    return words if words == "just now" else f"{words} ago"


def budget_lines(view: TenantView, pen: Pen, width: int, room: int) -> Lines:
    """Return what is spent of Graph's budget: a line for all, and one for each of ``room`` areas, the fullest first."""
    spent = spent_of(view)
    line = _label(pen, "Graph")
    if until := closed_until(view, to_text(pen.now)):
        wait = left(seconds_between(to_text(pen.now), until, pen.now) or 0)
        line += [
            (f"closed until {at(until, pen.now, pen.zone)} ({wait})", pen.ink("partial")),
            ("   ", pen.ink("text")),
        ]
    elif spent.engines:
        line.append(("open   ", pen.ink("good")))
    if not spent.engines:
        return [[*line, ("no live engine serves this tenant: `opsconsole engine` starts one", pen.ink("partial"))]]
    line.append((f"{spent.engines} {'engine' if spent.engines == 1 else 'engines'}   ", pen.ink("text")))
    for number, word in ((spent.in_flight, "in flight"), (spent.waiting, "waiting")):
        line += [
            (f"{grouped(number)} ", pen.ink("text" if number else "faint")),
            (f"{word}   ", pen.ink("dim" if number else "faint")),
        ]
    pace = f"at most {spent.at_a_time} at a time"
    if spent.at_a_time and width_of(line) + len(pace) < width:
        line.append((pace, pen.ink("dim")))
    areas = list(spent.areas.values())
    lines = [line]
    if not areas:
        lines.append([*_label(pen, "Spent"), ("nothing of the budget right now", pen.ink("dim"))])
    shown = areas if len(areas) <= room else areas[: max(1, room - 1)]
    for index, use in enumerate(shown):
        lines.append(_area_line(use, pen, width, "Spent" if not index else ""))
    if len(areas) > len(shown):
        lines.append([*_label(pen, ""), (f"{len(areas) - len(shown)} more areas", pen.ink("dim"))])
    return lines


def _area_line(use: AreaUse, pen: Pen, width: int, label: str) -> list[Span]:
    is_tight = _share(use) >= 0.8
    line = [
        *_label(pen, label),
        *pen.cell(use.area.replace("_", " "), AREA_WIDTH),
        *pen.bar(round(_share(use) * 100), 100, BAR_WIDTH, "partial" if is_tight else "running"),
        (f" {grouped(use.requests)} of {grouped(use.requests_limit)} requests", pen.ink("text")),
    ]
    if use.writes:
        line.append((f", {grouped(use.writes)} of {grouped(use.writes_limit)} writes", pen.ink("text")))
    tail = f" in {use.period_s:g} s"
    return [*line, (tail, pen.ink("dim"))] if width_of(line) + len(tail) < width else line


def step_lines(line: AccessLine | None, pen: Pen, width: int) -> Lines:
    """Return what the type under the cursor needs: what Graph said, and the next step."""
    if line is None:
        return []
    state = ACCESS_STATES[line.state]
    first: list[Span] = [
        (f" {line.label}: ", pen.ink("strong")),
        (state.word, pen.ink(state.ink)),
        (f"  {line.permission}", pen.ink("text" if line.state is AccessState.MISSING else "dim")),
    ]
    lines = [first]
    if line.message:
        lines.append([(f" {cut(plain(line.message), width - 2)}", pen.ink("text"))])
    step = line.next_step or ("c checks the tenant." if line.state is AccessState.UNKNOWN else "Nothing to do.")
    return [*lines, [(pen.drawn(f" → {step}"), pen.ink("key" if line.next_step else "dim"))]]
