"""JSON that is passed on as it was received: never decoded and encoded again (promise 4)."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass

_BREAKS = str.maketrans("\r\n\t", "   ")
"""Between tokens these mean what a space means, and inside of strings JSON has none of them."""

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class JsonText:
    """A value as the JSON text that a server sent, to stand in a document as it is."""

    text: str

    @property
    def one_line(self) -> str:
        """Return the text on one line and in ASCII: characters become escapes, every number stays digit by digit."""
        return _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], self.text.translate(_BREAKS))


def to_document(value: object, *, indent: int | None = None) -> str:
    """Return ``value`` as JSON in ASCII, each ``JsonText`` in it as it is. Raises TypeError for what JSON has no word for."""
    kept: list[str] = []
    # Nobody who wrote a part of the document can have known this word, so it stands for what was kept and nothing else.
    mark = os.urandom(16).hex()

    def keep(part: object) -> str:
        if not isinstance(part, JsonText):
            raise TypeError(f"{type(part).__name__} has no place in JSON")
        kept.append(part.one_line)
        return f"{mark}{len(kept) - 1}"

    text = json.dumps(value, ensure_ascii=True, indent=indent, default=keep, allow_nan=False)
    return re.sub(rf'"{mark}(\d+)"', lambda found: kept[int(found[1])], text) if kept else text
