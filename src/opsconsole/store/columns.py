"""How values lie in columns: JSON as text, failures and times in and out."""

from __future__ import annotations

import json
from typing import Any

from opsconsole.domain.failure import Failure

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
"""Made once: ``json.dumps`` with options makes an encoder at each call."""


def to_json_text(value: Any) -> str:
    """Return ``value`` as compact JSON, in the order it has."""
    return _encode(value)


def failure_text(failure: Failure | None) -> str | None:
    """Return a failure as it lies in a column."""
    return None if failure is None else to_json_text(failure.to_json())


def to_failure(text: str | None) -> Failure | None:
    """Return the failure that lies in a column."""
    return None if text is None else Failure.from_json(json.loads(text))
