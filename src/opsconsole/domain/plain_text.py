"""Foreign text made harmless: one line, no control over the terminal, every character of a known width (promise 13)."""

from __future__ import annotations

import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""Stands for what must not be shown but should be seen to have been there: C1 and bidi controls, lone surrogates, unassigned ones."""

ELLIPSIS = "…"
"""Ends a text that was cut."""

MAX_MARKS = 4
"""Combining marks kept on one letter: enough for every living script, too few to climb over the lines above."""

_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset(
    [chr(code) for code in (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0)]
    + [chr(code) for code in range(0x180B, 0x1810)]
    + [chr(code) for code in range(0xFE00, 0xFE10)]
    + [chr(code) for code in range(0x1F3FB, 0x1F400)]
    + [chr(code) for code in range(0xE0000, 0xE0200)]
)
"""Fillers, variation selectors, emoji modifiers and tags: each terminal gives them a width of its own, so they are left out."""

_MARKS = frozenset({"Mn", "Me", "Mc"})
_WIDE_SINCE_UNICODE_16 = (
    (0x2630, 0x2637),
    (0x268A, 0x268F),
    (0x4DC0, 0x4DFF),
    (0x1D300, 0x1D376),
)
"""Symbols that Python 3.11's tables call narrow and newer terminals draw wide."""


def plain(text: str) -> str:
    """Return ``text`` as one line that cannot style, click, move the cursor, reverse or hide anything.

    Line breaks and tabs become blanks, other controls their visible pictures; zero-width characters go; bidi
    controls become the replacement character. What remains is measured exactly by ``cell_width``.
    """
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        if category in _MARKS and char not in _INVISIBLE:
            if not kept:
                kept.append("◌")
            marks += 1
            if marks <= MAX_MARKS:
                kept.append(char)
            continue
        shown = _shown(char, category)
        if shown:
            marks = 0
            kept.append(shown)
    return "".join(kept)


def _shown(char: str, category: str) -> str:
    if category == "Cc":
        code = ord(char)
        if char in "\t\n\v\f\r\x85":
            return " "
        if code < 0x20:
            return chr(0x2400 + code)
        return "␡" if code == 0x7F else REPLACEMENT
    if category in ("Zs", "Zl", "Zp"):
        return " "
    if char in _BIDI_CONTROLS or category in ("Cs", "Cn", "Co"):
        return REPLACEMENT
    if category == "Cf" or char in _INVISIBLE:
        return ""
    return char


def cell_width(text: str) -> int:
    """Return how many terminal columns ``text`` takes; exact for what ``plain`` returned."""
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if char < "\u0300":
        return 1
    code = ord(char)
    if unicodedata.category(char) in _MARKS or 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FB:
        return 0
    if unicodedata.east_asian_width(char) in ("W", "F"):
        return 2
    return 2 if any(first <= code <= last for first, last in _WIDE_SINCE_UNICODE_16) else 1


def cut(text: str, width: int) -> str:
    """Return ``plain(text)``, cut to at most ``width`` columns and ended by an ellipsis where something is missing."""
    clean = plain(text)
    if cell_width(clean) <= width:
        return clean
    if width <= 0:
        return ""
    room = width - 1
    end = 0
    for end, char in enumerate(clean):  # noqa: B007 - the index after the loop is where the text is cut
        room -= _char_width(char)
        if room < 0:
            break
    return clean[:end].rstrip() + ELLIPSIS


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return ``cut(text, width)`` padded with blanks to exactly ``width`` columns, on the left if ``right``."""
    shown = cut(text, width)
    blanks = " " * max(0, width - cell_width(shown))
    return blanks + shown if right else shown + blanks
