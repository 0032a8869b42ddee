"""Reads the bodies of control requests, and refuses them in clear words."""

import json
from collections.abc import Collection
from typing import Any


class Refused(ValueError):
    """A control request that makes no sense."""


def decoded(body: bytes) -> Any:
    """The body as plain values."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise Refused(f"not JSON: {error}") from error


def members(body: bytes, keys: Collection[str]) -> dict[str, Any]:
    """The body's members; refuses what is no object and keys that are not known."""
    given = decoded(body)
    if not isinstance(given, dict):
        raise Refused("expected an object")
    unknown = sorted(set(given) - set(keys))
    if unknown:
        raise Refused(f"{unknown[0]}: not known; expected {', '.join(sorted(keys))}")
    return given


def number(given: dict[str, Any], name: str, default: int) -> int:
    """A whole number from 0 on."""
    value = given.get(name, default)
    if not isinstance(value, int) or value < 0:
        raise Refused(f"{name}: expected a whole number from 0 on, got {value!r}")
    return value
