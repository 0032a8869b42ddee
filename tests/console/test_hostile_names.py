"""Foreign text through every screen: it styles nothing, moves nothing, links nothing, breaks nothing (manner 10)."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest
from textual.widgets import Input

from opsconsole.console.places import PLACE_BY_NAME
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.domain.plain_text import cell_width, cut, plain
from opsconsole.errors import OpsError, StoreUnavailable

from .conftest import drawn
from .driving import Driver, drive
from .world_drift import hostile_drift_world
from .world_overview import hostile_morning
from .world_people import hostile_people

NAMES = {
    "500 characters": "A very long policy name - " * 19 + "end.",
    "500 wide characters": "日本語" * 166,
    "markup": "[bold red]loud[/] [@click=app.quit]click[/] [link=https://evil.example]x[/link] \\[ [/]",
    "escape sequences": "\x1b[31mred\x1b[0m\x1b]8;;https://evil.example\x07link\x1b]8;;\x07\x1b[2J\x1b[H\x9b1m\x07",
    "right to left": "\u202eevil\u202c \u2067mixed\u2069 سياسة שלום \u200f",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u034f",
    "marks": "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324a" * 10,
    "line breaks": "one\ntwo\r\nthree\tfour\x0bfive\u2028six\x85seven",
    "emoji": "👩\u200d💻 👍🏽 🇩🇪 ⚠\ufe0f 1\ufe0f\u20e3 ☰ ䷀",
    "lone surrogate and nul": "a\x00b\udcffc",
    "blank": " ",
}

SCREENS: dict[str, tuple[str, ...]] = {
    "runs": (),
    "run": ("down", "down", "down", "enter"),
    "failures": ("down", "down", "down", "enter", "enter"),
    "log": ("down", "down", "down", "enter", "l"),
    "backups": ("7",),
    "set": ("7", "enter"),
    "item": ("7", "enter", "down", "enter"),
    "item raw": ("7", "enter", "down", "enter", "v"),
    "failed item": ("7", "enter", "down", "down", "down", "enter"),
    "restores": ("8",),
    "plan": ("8", "enter"),
    "blocked": ("8", "enter", "G"),
    "policy of a plan": ("8", "enter", "enter"),
    "drift": ("D",),
    "check": ("D", "down", "enter"),
    "check in part": ("D", "down", "down", "down", "enter"),
    "diff": ("7", "equals_sign", "enter"),
    "audit": ("9",),
    "entry": ("9", "enter"),
    "entry raw": ("9", "enter", "v"),
}
"""How to reach every screen that shows foreign text."""

DIALOGS: dict[str, tuple[str, ...]] = {
    "filter": ("slash", "a", "enter"),
    "filter hints": ("slash", *"tenant:"),
    "filter that is wrong": ("slash", *"tenant:x what:y", "enter"),
    "sort": ("s",),
    "export": ("e",),
    "retry one reason": ("down", "down", "down", "enter", "R"),
    "settle": ("8", "enter", "G", "s"),
    "settle map": ("8", "enter", "G", "s", "enter"),
    "apply": ("8", "enter", "a"),
    "leave out": ("8", "enter", "x"),
    "undo": ("8", "down", "enter", "u"),
    "pick a set": ("8", "n"),
    "pick policies": ("8", "n", "enter", "enter", "down", "enter"),
    "confirm backup": ("b",),
    "confirm cancel": ("down", "down", "down", "x"),
    "preview": ("7", "p", "enter"),
    "check filtered": ("D", "down", "enter", "slash", "a", "enter"),
    "confirm drift": ("7", "d"),
    "restore what changed": ("D", "down", "enter", "p"),
    "pick the other set": ("7", "equals_sign"),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
    "copied": ("7", "enter", "y"),
}
"""The same for dialogs, and for what stands on a screen now and then."""


HARDEST = ("500 wide characters", "markup", "escape sequences", "right to left", "marks", "lone surrogate and nul")
"""Those that could move columns, style them, or leave them: they go everywhere. The others go where the tables are."""

LOOKS = [*((kind, (80, 24)) for kind in HARDEST), *((kind, (120, 40)) for kind in HARDEST[:3])]
"""Every kind on the small screen, the hardest on a wide one too."""

HARD_LOOKS = [*((kind, (80, 24)) for kind in HARDEST[:3]), (HARDEST[0], (120, 40))]
"""For the screens of few places: that each kind is made plain, the others show."""

WIDE_WAYS = ("runs", "run", "set", "plan", "check", "diff", "audit", "entry")
"""Those that look otherwise on a wide terminal."""

MORNING_WAYS: dict[str, tuple[str, ...]] = {
    "dashboard": ("0",),
    "tenants": ("T",),
    "tenant": ("T", "enter"),
    "confirm check": ("T", "c"),
    "copied": ("0", "y"),
}
"""The same for what stands on the dashboard and about tenants."""

PEOPLE_WAYS: dict[str, tuple[str, ...]] = {
    "schedules": ("S",),
    "pause": ("S", "p"),
    "remove": ("S", "x"),
    "new schedule": ("S", "n"),
    "members": ("M",),
    "role": ("M", "down", "r"),
    "confirm role": ("M", "down", "r", "enter"),
    "last schedule": ("S", "G"),
    "remove member": ("M", "down", "x"),
    "new member": ("M", "n"),
}
"""The same for schedules and members."""

EXPORTS: dict[str, tuple[str, ...]] = {
    "runs": (),
    "failures": ("down", "down", "down", "enter", "enter"),
    "sets": ("7",),
    "items": ("7", "enter"),
    "restores": ("8",),
    "plan": ("8", "enter"),
    "checks": ("D",),
    "check": ("D", "down", "enter"),
    "diff": ("7", "equals_sign", "enter"),
    "audit": ("9",),
}
"""How to reach every list that can be exported."""


def holds(value: object, name: str) -> bool:
    """Tell whether a name stands anywhere in a JSON value, as it is."""
    if isinstance(value, dict):
        return any(holds(part, name) for part in (*value, *value.values()))
    return any(holds(part, name) for part in value) if isinstance(value, list) else value == name


def looking(ways: Mapping[str, tuple[str, ...]], look: Callable[[Driver], None]) -> Callable[[Driver], Awaitable[None]]:
    """Return the steps that go each way from Runs, and look."""

    async def steps(driver: Driver) -> None:
        for keys in ways.values():
            await driver.press(*keys)
            look(driver)
            await leave(driver)
        assert driver.app.is_running

    return steps


async def leave(driver: Driver) -> None:
    """Close what is open, down to a main screen without a filter."""
    while driver.app.screen.is_modal or len(driver.app.screen_stack) > 2:
        await driver.hit("escape")
    await driver.hit("escape", "9", "1")


def check(driver: Driver, size: tuple[int, int]) -> None:
    lines = driver.lines()
    assert len(lines) == size[1]
    for line in lines:
        assert cell_width(line) == size[0], f"{line!r} is not {size[0]} columns wide"
        bad = [char for char in line if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]
        assert bad == [], f"{bad} in {line!r}"
    for strip in drawn(driver.app):
        for segment in strip:
            if segment.style is not None:
                assert segment.style.link is None, f"a link in {strip.text!r}"
                click = segment.style.meta.get("@click") if segment.style.meta else None
                assert click is None, f"a click in {strip.text!r}"


@pytest.mark.parametrize(("kind", "size"), [*LOOKS, *((kind, (80, 24)) for kind in NAMES if kind not in HARDEST)])
def test_every_screen_shows_it_as_plain_text(kind: str, size: tuple[int, int]) -> None:
    is_whole = size == (80, 24) and kind in HARDEST
    ways = SCREENS if is_whole else {name: SCREENS[name] for name in WIDE_WAYS}
    drive(looking(ways, lambda driver: check(driver, size)), hostile_drift_world(NAMES[kind]), size=size)


@pytest.mark.parametrize("kind", HARDEST[:3])
def test_every_dialog_shows_it_as_plain_text(kind: str) -> None:
    drive(looking(DIALOGS, lambda driver: check(driver, (80, 24))), hostile_drift_world(NAMES[kind]))


@pytest.mark.parametrize(("kind", "size"), HARD_LOOKS)
def test_the_dashboard_and_tenants_show_it_as_plain_text(kind: str, size: tuple[int, int]) -> None:
    drive(looking(MORNING_WAYS, lambda driver: check(driver, size)), hostile_morning(NAMES[kind]), size=size)


@pytest.mark.parametrize(("kind", "size"), HARD_LOOKS)
def test_schedules_and_members_show_it_as_plain_text(kind: str, size: tuple[int, int]) -> None:
    drive(looking(PEOPLE_WAYS, lambda driver: check(driver, size)), hostile_people(NAMES[kind]), size=size)


def test_no_screen_is_left_out() -> None:
    seen: set[str] = set()

    def see(driver: Driver) -> None:
        seen.update(screen.place for screen in driver.app.screen_stack if isinstance(screen, LiveScreen))

    drive(looking(SCREENS, see), hostile_drift_world("x"))
    drive(looking(MORNING_WAYS, see), hostile_morning("x"))
    drive(looking(PEOPLE_WAYS, see), hostile_people("x"))
    assert seen | {"help"} == set(PLACE_BY_NAME)


@pytest.mark.parametrize("kind", ["markup", "500 wide characters", "right to left", "emoji", "500 characters"])
def test_it_is_shown_as_it_was_typed(kind: str) -> None:
    """What is no control character stands there letter by letter, as far as there is room."""
    typed = cut(plain(NAMES[kind]), 8).removesuffix("…").strip()
    places = ("runs", "run", "backups", "set", "item", "restores", "plan", "confirm backup", "check", "audit", "entry")

    async def steps(driver: Driver) -> None:
        for name in places:
            await driver.press(*{**SCREENS, **DIALOGS}[name])
            assert typed in driver.text(), (name, driver.text())
            await leave(driver)

    drive(steps, hostile_drift_world(NAMES[kind]))


@pytest.mark.parametrize("kind", NAMES)
def test_toasts_and_the_banner_say_it_as_plain_text(kind: str) -> None:
    async def steps(driver: Driver) -> None:
        app = driver.app
        app.say(NAMES[kind])
        app.trouble(OpsError(NAMES[kind], NAMES[kind]))
        app.prompt(NAMES[kind])
        await driver.press("down")
        check(driver, (80, 24))
        app.trouble(StoreUnavailable(NAMES[kind]))
        await driver.hit("up")
        await driver.until_quick(lambda: "store" in driver.text().lower())
        check(driver, (80, 24))

    drive(steps, hostile_drift_world(NAMES[kind]))


def test_an_export_holds_it_and_controls_no_terminal(tmp_path: Path) -> None:
    typed = f"{NAMES['markup']} {NAMES['escape sequences']}"

    async def steps(driver: Driver) -> None:
        for name, keys in EXPORTS.items():
            await driver.press(*keys)
            for suffix in ("jsonl", "csv"):
                file = tmp_path / f"{name}.{suffix}"
                await driver.press("e")
                driver.app.screen.query_one(Input).value = str(file)
                await driver.press("enter")
                await driver.until(lambda: not driver.app.screen.is_modal)
                text = file.read_text(encoding="utf-8")
                bad = [char for char in text if unicodedata.category(char) in ("Cc", "Cf") and char not in "\r\n"]
                assert bad == [], (name, suffix)
                if suffix == "jsonl":
                    lines = [json.loads(line) for line in text.split("\n") if line]
                    assert lines and any(holds(line, typed) for line in lines), name
            await leave(driver)

    drive(steps, hostile_drift_world(typed))


def test_what_is_copied_is_plain_as_well() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("7", "enter", "y")
        assert "\x1b" not in driver.app.clipboard and "\x07" not in driver.app.clipboard

    drive(steps, hostile_drift_world(NAMES["escape sequences"]))
