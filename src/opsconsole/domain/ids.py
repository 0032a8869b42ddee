"""Ids: UUIDv7 text (RFC 9562, section 5.7), so that ids sort by the time they were made."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable

NewId = Callable[[], str]
"""Returns a fresh id, greater than each one returned before by the same source."""

SHORT_LENGTH = 6
"""Screens show the last six digits: the first ones of a UUIDv7 stay the same for hours."""

ID_LENGTH = 36
"""Characters of a whole id."""

_HEX = re.compile(r"[0-9a-f-]{4,36}")


class IdSource:
    """Makes UUIDv7 texts that increase strictly within the process, also when the clock stands still or is set back."""

    def __init__(
        self, now_ms: Callable[[], int] | None = None, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._now_ms = now_ms or (lambda: time.time_ns() // 1_000_000)
        self._random_bytes = random_bytes
        self._lock = threading.Lock()
        self._last_ms = 0
        self._counter = 0

    def __call__(self) -> str:
        """Return the next id."""
        with self._lock:
            now = self._now_ms()
            if now > self._last_ms:
                self._last_ms = now
                # The counter starts in the lower half of its 12 bits: at least 2,048 ids a millisecond before it spills.
                self._counter = int.from_bytes(self._random_bytes(2), "big") & 0x7FF
            else:
                self._counter += 1
                if self._counter > 0xFFF:
                    self._last_ms += 1
                    self._counter = 0
            stamp, counter = self._last_ms, self._counter
        tail = int.from_bytes(self._random_bytes(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
        number = (stamp << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | tail
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


new_id: NewId = IdSource()
"""The process's own source of ids."""


def short_id(identifier: str) -> str:
    """Return what a screen shows of an id."""
    return identifier[-SHORT_LENGTH:]


def looks_like_id(text: str) -> bool:
    """Tell whether ``text`` can be an id or the end of one (at least four hexadecimal digits)."""
    return _HEX.fullmatch(text.lower()) is not None
