"""The colours: one palette for dark, one for light, both safe for colour-blind eyes, and styles that need no colour at all."""

from __future__ import annotations

from msgspec import Struct
from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

DARK = "opsconsole-dark"
LIGHT = "opsconsole-light"
PLAIN = "opsconsole-plain"
"""Used under NO_COLOR: the terminal's own two colours, states told apart by bold, underline and reverse."""

SIXTEEN = "opsconsole-16"
"""Used where there are sixteen colours: the terminal's own, on the terminal's own background."""


class Palette(Struct, frozen=True):
    """The few colours there are. States use blue, bluish green, orange and vermilion (Okabe and Ito), never red against green."""

    background: str
    surface: str
    raised: str
    cursor: str
    text: str
    dim: str
    faint: str
    blue: str
    green: str
    orange: str
    vermilion: str
    purple: str


PALETTES: dict[str, Palette] = {
    DARK: Palette(
        background="#0e131a",
        surface="#161d27",
        raised="#1c2531",
        cursor="#22344a",
        text="#d5dce5",
        dim="#8592a3",
        faint="#3b4757",
        blue="#62b5ec",
        green="#3dbb94",
        orange="#eba834",
        vermilion="#ff7a55",
        purple="#d79ac2",
    ),
    LIGHT: Palette(
        background="#fcfcfa",
        surface="#f0f2f4",
        raised="#e7eaee",
        cursor="#d3e5f6",
        text="#1c2430",
        dim="#5c6877",
        faint="#c3cad2",
        blue="#005fa8",
        green="#00704f",
        orange="#8f5600",
        vermilion="#b33309",
        purple="#8b3a75",
    ),
}

INKS: dict[str, tuple[str, str, str]] = {
    # ink: (colour of the palette, style beside it, style where there is no colour)
    "text": ("text", "", ""),
    "strong": ("text", "bold", "bold"),
    "dim": ("dim", "", "dim"),
    "faint": ("faint", "", "dim"),
    "title": ("blue", "bold", "bold"),
    "key": ("blue", "", "bold"),
    "queued": ("dim", "", "dim"),
    "running": ("blue", "bold", "bold"),
    "good": ("green", "", ""),
    "partial": ("orange", "", "underline"),
    "bad": ("vermilion", "bold", "bold reverse"),
    "ended": ("dim", "", "dim italic"),
    "danger": ("vermilion", "bold", "bold underline"),
    "added": ("green", "", "bold"),
    "removed": ("vermilion", "", "underline"),
    "changed": ("orange", "", "bold"),
    "special": ("purple", "", "bold"),
}
"""Every style a screen may ask for. Words carry the meaning; a style only helps to find them."""

SIXTEEN_INKS: dict[str, str] = {
    "text": "",
    "strong": "bold",
    "dim": "",
    "faint": "bright_black",
    "title": "bold blue",
    "key": "blue",
    "queued": "",
    "running": "bold blue",
    "good": "green",
    "partial": "yellow",
    "bad": "bold red",
    "ended": "italic",
    "danger": "bold underline red",
    "added": "green",
    "removed": "red",
    "changed": "yellow",
    "special": "magenta",
}
"""Inks of sixteen colours. What is read is drawn in the terminal's own colour: no other is readable on every background.

Only what may vanish is faint: lines, zeros, keys that cannot apply. Words and glyphs tell states apart as everywhere.
"""

INKS_BY_THEME: dict[str, dict[str, Style]] = {
    name: {ink: Style.parse(f"{style} {getattr(palette, colour)}".strip()) for ink, (colour, style, _) in INKS.items()}
    for name, palette in PALETTES.items()
} | {
    PLAIN: {ink: Style.parse(alone) for ink, (_, _, alone) in INKS.items()},
    SIXTEEN: {ink: Style.parse(SIXTEEN_INKS[ink]) for ink in INKS},
}

CURSOR_BY_THEME: dict[str, Style] = {
    DARK: Style(bgcolor=PALETTES[DARK].cursor),
    LIGHT: Style(bgcolor=PALETTES[LIGHT].cursor),
    PLAIN: Style(reverse=True),
    SIXTEEN: Style(reverse=True),
}
"""The row that the keys act on."""


def themes() -> tuple[Theme, ...]:
    """Return the themes to register with Textual."""
    return (
        _theme(DARK, PALETTES[DARK], dark=True),
        _theme(LIGHT, PALETTES[LIGHT], dark=False),
        _terminals_own(PLAIN),
        _terminals_own(SIXTEEN, blue="ansi_blue", yellow="ansi_yellow", red="ansi_red", green="ansi_green"),
    )


def _terminals_own(
    name: str,
    *,
    blue: str = "ansi_default",
    yellow: str = "ansi_default",
    red: str = "ansi_default",
    green: str = "ansi_default",
) -> Theme:
    return Theme(
        name=name,
        primary=blue,
        secondary="ansi_default",
        warning=yellow,
        error=red,
        success=green,
        accent=blue,
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        ansi=True,
        variables=BUILTIN_THEMES["ansi-dark"].variables
        | dict.fromkeys(("dim", "faint", "raised", "cursor"), "ansi_default"),
    )


def _theme(name: str, palette: Palette, *, dark: bool) -> Theme:
    return Theme(
        name=name,
        primary=palette.blue,
        secondary=palette.purple,
        warning=palette.orange,
        error=palette.vermilion,
        success=palette.green,
        accent=palette.blue,
        foreground=palette.text,
        background=palette.background,
        surface=palette.surface,
        panel=palette.raised,
        dark=dark,
        variables={
            "dim": palette.dim,
            "faint": palette.faint,
            "raised": palette.raised,
            "cursor": palette.cursor,
            "input-selection-background": palette.cursor,
            "block-cursor-background": palette.blue,
            "block-cursor-foreground": palette.background,
            "input-cursor-background": palette.text,
            "input-cursor-foreground": palette.background,
        },
    )
