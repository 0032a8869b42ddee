"""Foreign text through every screen: it styles nothing, moves nothing, links nothing, breaks nothing (manner 10)."""

from __future__ import annotations

import unicodedata

import pytest

from opsconsole.domain.plain_text import cell_width

from .conftest import drawn
from .driving import Driver, drive
from .world_drift import hostile_drift_world
from .world_overview import hostile_morning

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

WAYS: dict[str, tuple[str, ...]] = {
    "runs": (),
    "filter": ("slash", "a", "enter"),
    "run": ("down", "down", "down", "enter"),
    "failures": ("down", "down", "down", "enter", "enter"),
    "backups": ("7",),
    "set": ("7", "enter"),
    "item": ("7", "enter", "down", "enter"),
    "item raw": ("7", "enter", "down", "enter", "v"),
    "failed item": ("7", "enter", "down", "down", "down", "enter"),
    "restores": ("8",),
    "plan": ("8", "enter"),
    "blocked": ("8", "enter", "G"),
    "settle": ("8", "enter", "G", "s"),
    "settle map": ("8", "enter", "G", "s", "enter"),
    "apply": ("8", "enter", "a"),
    "confirm backup": ("b",),
    "confirm cancel": ("down", "down", "down", "x"),
    "preview": ("7", "p", "enter"),
    "drift": ("D",),
    "check": ("D", "down", "enter"),
    "check in part": ("D", "down", "down", "down", "enter"),
    "check filtered": ("D", "down", "enter", "slash", "a", "enter"),
    "confirm drift": ("7", "d"),
    "restore what changed": ("D", "down", "enter", "p"),
    "pick the other set": ("7", "equals_sign"),
    "diff": ("7", "equals_sign", "enter"),
    "audit": ("9",),
    "entry": ("9", "enter"),
    "entry raw": ("9", "enter", "v"),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
    "copied": ("7", "enter", "y"),
}
"""How to reach every screen and dialog that shows foreign text."""


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


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("kind", NAMES)
def test_every_screen_shows_it_as_plain_text(kind: str, size: tuple[int, int]) -> None:
    ways = WAYS if size == (80, 24) else {name: WAYS[name] for name in WIDE_WAYS}

    async def steps(driver: Driver) -> None:
        for keys in ways.values():
            await driver.press(*keys)
            check(driver, size)
            while driver.app.screen.is_modal:
                await driver.hit("escape")
            await driver.hit("escape", "9", "1")

    drive(steps, hostile_drift_world(NAMES[kind]), size=size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("kind", NAMES)
def test_the_dashboard_and_tenants_show_it_as_plain_text(kind: str, size: tuple[int, int]) -> None:
    async def steps(driver: Driver) -> None:
        for keys in MORNING_WAYS.values():
            await driver.press(*keys)
            check(driver, size)
            while driver.app.screen.is_modal:
                await driver.hit("escape")
            await driver.hit("escape", "1")

    drive(steps, hostile_morning(NAMES[kind]), size=size)


def test_what_is_copied_is_plain_as_well() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("7", "enter", "y")
        assert "\x1b" not in driver.app.clipboard and "\x07" not in driver.app.clipboard

    drive(steps, hostile_drift_world(NAMES["escape sequences"]))
