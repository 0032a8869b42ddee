"""Finding a piece of text in columns, whatever the case; what the text holds is no pattern."""

from __future__ import annotations


def holds_part(*columns: str) -> str:
    """Return the condition that one of ``columns`` holds the text of ``part_pattern``, bound as ``part``."""
    # Both sides are folded by the database: what each makes of letters beyond ASCII, it makes of both.
    each = [f"LOWER({column}) LIKE LOWER(CAST(:part AS TEXT)) ESCAPE '!'" for column in columns]
    return f"({' OR '.join(each)})"


def part_pattern(text: str) -> str:
    """Return the pattern of texts that hold ``text``, whatever wildcards stand in it."""
    return f"%{text.strip().replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
