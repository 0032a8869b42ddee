"""What a first look needs: columns that fit every terminal, advice that is never cut, keys that are named as they are."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from opsconsole.console import audit_columns, run_columns, screens
from opsconsole.console.failure_facts import failure_fields, failure_lines
from opsconsole.console.folding import wrapped
from opsconsole.console.keys import KEY_BY_ID
from opsconsole.console.pen import Pen
from opsconsole.console.plan_sides import policy_sides
from opsconsole.console.rule_words import short_rule_words
from opsconsole.console.screens.too_small import LEAST
from opsconsole.console.theme import DARK
from opsconsole.console.widgets.column import GAP, Column, fitted
from opsconsole.console.widgets.facts import Facts
from opsconsole.domain.failure import REASONS, FailureCode, Reason
from opsconsole.domain.plain_text import cell_width
from opsconsole.domain.restore import Execution, ItemState, RestoreItem
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.domain.schedule import Rule

from .driving import Driver, drive
from .memory_desk import MemoryDesk
from .world import busy_world, failure, make_plan_items
from .world_overview import bad_morning
from .world_run import run_of, run_world

PEN = Pen(DARK, datetime(2026, 8, 20, tzinfo=UTC))

AROUND = 4
"""Columns that a table does not have for its cells: the margin before the first, and one at the edge."""

LONG = "Application is not authorized to perform this operation. " * 6


def tables() -> Iterator[tuple[str, tuple[Column[object], ...]]]:
    """Every table that a module of the screens keeps as a constant."""
    names = [f"{screens.__name__}.{found.name}" for found in pkgutil.iter_modules(screens.__path__)]
    for module in (*map(importlib.import_module, names), audit_columns, run_columns):
        for name, value in vars(module).items():
            if isinstance(value, tuple) and value and all(isinstance(one, Column) for one in value):
                yield f"{module.__name__.rsplit('.', 1)[-1]}.{name}", value


@pytest.mark.parametrize(("name", "columns"), [pytest.param(*each, id=each[0]) for each in tables()])
def test_the_columns_of_a_table_fit_each_terminal_that_is_large_enough(
    name: str, columns: tuple[Column[object], ...]
) -> None:
    del name
    for width in range(LEAST.width - AROUND, 200):
        shown = fitted(columns, width)
        assert sum(cells for _, cells in shown) + GAP * (len(shown) - 1) <= width, width


def long_failures() -> MemoryDesk:
    """A fetch that failed with a message which leaves no room for anything else."""
    desk = run_world()
    fetch = run_of(desk, RunType.FETCH, "partially_succeeded")
    desk.failures_of[fetch.id] = [
        failure(n, Reason.PERMISSION_DENIED, FailureCode.FETCH_FAILED, LONG, "Forbidden", 403) for n in range(4)
    ]
    return desk


@pytest.mark.parametrize("places", [("enter",), ("enter", "enter")])
def test_what_to_do_next_is_never_cut_however_long_the_message_is(places: tuple[str, ...]) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*("down",) * 8, *places)
        shown = " ".join(driver.text().split())
        assert REASONS[Reason.PERMISSION_DENIED].next_step in shown
        assert "…" in shown, "what was given up for it is marked"

    drive(steps, long_failures())


def test_facts_that_keep_their_end_give_up_what_is_longest_and_say_so() -> None:
    async def steps(driver: Driver) -> None:
        facts = Facts(keeps_last=True)
        facts.styles.height, facts.styles.width = 4, 40
        await driver.app.screen.mount(facts)
        ink = PEN.ink("text")
        facts.show([[("head", ink)], [("word " * 60, ink)], [("request 1", ink)], [("→ " + "next " * 5 + "END", ink)]])
        await driver.press()
        lines = [line.plain for line in facts.render().split("\n")]
        assert len(lines) == 4 and lines[0] == "head" and lines[1].endswith("…") and lines[2] == "request 1"
        assert lines[3].endswith("END")
        facts.show([[("a", ink)], [("b", ink)]])
        assert facts.render().plain == "a\nb"

    drive(steps, busy_world())


@pytest.mark.parametrize(
    ("world", "places"),
    [
        pytest.param(bad_morning, ("0",), id="dashboard"),
        pytest.param(run_world, (*("down",) * 8, "enter"), id="run"),
        pytest.param(run_world, (*("down",) * 8, "enter", "enter"), id="failures"),
        pytest.param(run_world, ("8", "enter"), id="plan"),
    ],
)
def test_on_the_smallest_terminal_every_list_shows_a_row(
    world: Callable[[], MemoryDesk], places: tuple[str, ...]
) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*places)
        assert any(line.startswith(" ▸") for line in driver.lines())

    drive(steps, world(), size=(LEAST.width, LEAST.height))


def blocked(targets: int) -> RestoreItem:
    """A policy with so many targets that do not exist."""
    item = next(item for item in make_plan_items("r") if item.state is ItemState.BLOCKED)
    gone = [{"kind": "group", "group_id": f"44444444-0000-4000-8000-{number:012d}"} for number in range(targets)]
    return replace(item, unresolved=tuple(gone))


def test_why_a_policy_is_blocked_stands_above_its_hundreds_of_targets_and_breaks_between_words() -> None:
    item = blocked(500)
    lines = ["".join(text for text, _ in line) for line in policy_sides(item, PEN, {}, 78)]
    head = lines[: next(number for number, line in enumerate(lines) if "Planned" in line)]
    assert len(head) <= 6
    assert item.failure is not None
    said = " ".join(line.strip() for line in head)
    assert item.failure.message in said and "s settles this here" in said
    ids = [line for line in lines if "44444444-" in line]
    assert len(ids) == 500 and all(line.rstrip()[-12:].isdigit() for line in ids), "an id stands on one line"


def test_a_sign_stays_with_the_long_name_behind_it() -> None:
    lines = wrapped("- SG-Procurement-Kiosks-Nordics-0312", 24)
    assert lines[0].startswith("- SG-Procurement")
    assert all(cell_width(line) <= 24 for line in lines)
    assert wrapped("+ All devices, but not Corporate macOS", 24, "  ") == [
        "+ All devices, but not",
        "  Corporate macOS",
    ]


def test_a_set_names_the_key_that_fetches_what_is_missing() -> None:
    desk = busy_world()
    newest = max(desk.all_sets, key=lambda one: one.id)
    whole = {key: counts for key, counts in newest.by_type.items() if counts.listed}
    desk.all_sets[desk.all_sets.index(newest)] = replace(newest, by_type=whole)

    async def steps(driver: Driver) -> None:
        await driver.press("7", "enter")
        assert f"missing: {KEY_BY_ID['fetch'].shown} fetches them" in driver.text()
        assert "Why" in driver.text()
        await driver.press("escape", "down", "enter")
        assert "every policy is here" in driver.text() and "Why" not in driver.text()

    drive(steps, desk)


def test_a_dialog_says_what_enter_does_where_the_focus_is() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "a")
        assert "↵ does nothing until the name is right" in driver.text()
        await driver.type("contoso")
        assert "↵ goes on to the button" in driver.text()
        await driver.press("enter")
        assert "↵ gives the order · Esc cancels" in driver.text()
        await driver.press("left")
        assert "↵ cancels · Esc cancels" in driver.text()
        assert not desk.orders

    desk = busy_world(production=True)
    drive(steps, desk)


def test_a_failure_says_nothing_twice() -> None:
    info = REASONS[Reason.POLICY_NOT_FOUND]
    one = failure(1, Reason.POLICY_NOT_FOUND, FailureCode.FETCH_FAILED, info.explanation, "", 404)
    for lines in (failure_lines(one, PEN), failure_fields(one, PEN)):
        assert sum(info.explanation in text for line in lines for text, _ in line) == 1


def test_a_plan_that_was_run_does_not_say_what_it_will_do() -> None:
    desk = busy_world()
    execution = Execution("r", Outcome.SUCCEEDED.value, Status.COMPLETED.value, None)
    desk.all_restores[1] = replace(desk.all_restores[1], executions=(execution,))

    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter")
        assert "42 will change" in driver.text()
        await driver.press("escape", "down", "enter")
        assert "42 planned changes" in driver.text() and "will change" not in driver.lines()[3]

    drive(steps, desk)


def test_a_text_says_how_much_of_it_is_below() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("question_mark")
        assert "more lines · PgDn" in driver.lines()[-2]
        await driver.press("pagedown", "pagedown", "pagedown", "pagedown")
        assert "more line" not in driver.lines()[-2]

    drive(steps, busy_world())


def test_a_rule_is_short_in_a_list() -> None:
    assert short_rule_words(Rule(cron="30 2 * * 1-5", timezone="Europe/Berlin")) == "Mon to Fri at 02:30"
    assert short_rule_words(Rule(every="6h")) == "every 6 h"


def test_one_of_many_is_told_in_the_singular() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("down", "down", "down", "down", "x")
        await driver.press("escape")
        await driver.press("G", "x")
        assert "has ended (" in " ".join(driver.text().split())

    drive(steps, busy_world(more_runs=0))
