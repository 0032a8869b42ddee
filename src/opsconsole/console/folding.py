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


def word_folded(text: str, width: int, hang: int = 0) -> list[str]:
    """Return plain lines of at most ``width`` columns, broken between words where a word fits a line at all.

    One that does not begins where it stands: a sign before a long name stays before it. What goes on below stands ``hang``
    columns further in.
    """
    lines: list[str] = []
    indent = " " * hang
    for word in plain(text).split(" "):
        if lines and cell_width(lines[-1]) + 1 + cell_width(word) <= width:
            lines[-1] += f" {word}"
        elif cell_width(word) <= width - (hang if lines else 0):
            lines.append(f"{indent if lines else ''}{word}")
        else:
            lines += folded(f"{lines.pop()} {word}" if lines else word, width)
    return lines or [""]
