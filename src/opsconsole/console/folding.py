"""Folding: a line that is too long goes on below, so that nothing of a value is lost at the edge."""

from __future__ import annotations

from opsconsole.domain.plain_text import cell_width, plain

MIN_WIDTH = 16
"""Narrower than this nothing can be read: longer indents are given up."""


def folded(text: str, width: int) -> list[str]:
    """Return plain lines of at most ``width`` columns; what goes on below stands two columns further in than its line."""
    clean = plain(text)
    if cell_width(clean) <= width:
        return [clean]
    indent = " " * (len(clean) - len(clean.lstrip(" ")) + 2)
    if width - len(indent) < MIN_WIDTH:
        indent = ""
    lines, line, used = [], "", 0
    for char in clean:
        cells = cell_width(char)
        if used + cells > width and line.strip():
            lines.append(line)
            line, used = indent, len(indent)
        line += char
        used += cells
    return [*lines, line]


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Return plain lines of at most ``width`` columns, broken between words; ``indent`` stands before those that go on below."""
    lines: list[str] = []
    line = ""
    for word in plain(text).split(" "):
        grown = f"{line} {word}" if line else word
        if cell_width(grown) <= width:
            line = grown
            continue
        # A word that fits on no line is the only thing that is cut in the middle; a sign before it stays before it.
        if line.strip() and cell_width(indent + word) > width:
            *whole, line = folded(grown, width)
            lines += whole
            continue
        if line.strip():
            lines.append(line)
        *whole, line = folded(indent + word if lines else word, width)
        lines += whole
    return [*lines, line]
