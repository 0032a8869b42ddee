"""Finding a piece of text in a column, whatever the case; what the text holds is no pattern."""

from __future__ import annotations


def like_part(text: str) -> str:
    """Return the pattern that finds ``text`` anywhere, for ``LOWER(column) LIKE :pattern ESCAPE '!'``."""
    escaped = text.strip().lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"
