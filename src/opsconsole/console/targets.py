"""Targets in words: whom an assignment hits, with the names of groups and filters where they are known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from opsconsole.domain.assignment import Assignment, direct_assignments, is_direct, parse_assignment

_KIND_WORDS = {"all_devices": "All devices", "all_users": "All users"}


def target_words(target: Mapping[str, Any]) -> str:
    """Return a target of contract.md's JSON in words; what is not known by name is shown by id."""
    kind = str(target.get("kind") or "other")
    group = target.get("group_name") or target.get("group_id") or ""
    if kind in _KIND_WORDS:
        words = _KIND_WORDS[kind]
    elif kind == "exclusion":
        words = f"excluded: {group}"
    elif kind == "group":
        words = str(group)
    elif kind == "collection":
        words = f"collection {target.get('collection_id') or ''}"
    else:
        words = f"other target {target.get('target_type') or ''}"
    if target.get("filter_id"):
        name = target.get("filter_name") or target["filter_id"]
        words += f" · filter {target.get('filter_type') or 'include'}: {name}"
    if target.get("intent"):
        words += f" · {target['intent']}"
    return words


def assignments_in(text: str | None) -> tuple[Assignment, ...]:
    """Return the direct assignments of Graph's JSON text, canonical; none for nothing."""
    entries = _entries(text)
    return direct_assignments(entries)


def inherited_in(text: str | None) -> tuple[Assignment, ...]:
    """Return the assignments that come from a policy set, which a restore leaves alone."""
    return tuple(parse_assignment(entry) for entry in _entries(text) if not is_direct(entry))


def _entries(text: str | None) -> list[dict[str, Any]]:
    if not text:
        return []
    try:
        value = json.loads(text)
    except ValueError:
        return []
    found = [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    # What Graph sent is kept whatever it was: a target that is none is shown as another target.
    return [entry if isinstance(entry.get("target"), dict) else {**entry, "target": {}} for entry in found]
