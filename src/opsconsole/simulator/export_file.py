"""Reads one exported file as text, whatever its encoding, and as values."""

import codecs
import json
from pathlib import Path
from typing import Any

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class NotReadable(ValueError):
    """A file that is no JSON text; the message says why."""


def read_text(path: Path) -> str:
    """The file's text without its byte-order mark; raises NotReadable for bytes that are no text. CR LF stay."""
    content = path.read_bytes()
    encoding = "utf-8"
    for mark, name in _MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], name
            break
    else:
        # PowerShell writes UTF-16 without a mark now and then; every second byte of JSON is then zero.
        if content[1:2] == b"\0":
            encoding = "utf-16-le"
        elif content[:1] == b"\0":
            encoding = "utf-16-be"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotReadable(f"not {encoding.upper()} text") from error


def read_values(text: str) -> Any:
    """The JSON in a text; raises NotReadable."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise NotReadable("not JSON") from error
