"""What a list of runs may be sorted by."""

from __future__ import annotations

from enum import StrEnum


class RunSort(StrEnum):
    """Newest, longest or most first; each of them can be turned round. What has not ended took nothing yet: it comes last."""

    STARTED = "started"
    TOOK = "took"
    FAILED = "failed"
