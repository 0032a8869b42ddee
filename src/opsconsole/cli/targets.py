"""Assignment targets in words: whom a policy is for, by name where the directory knew one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsconsole.domain.plain_text import plain

WORDS = {
    "group": "group",
    "exclusion": "not group",
    "all_devices": "All devices",
    "all_users": "All users",
    "collection": "collection",
    "other": "unknown target",
}
"""How each kind of target is said."""


def target_words(target: Mapping[str, Any]) -> str:
    """Return a target of contract.md's JSON in words, made harmless."""
    kind = str(target.get("kind"))
    parts = [WORDS.get(kind, kind)]
    name = (
        target.get("group_name") or target.get("group_id") or target.get("collection_id") or target.get("target_type")
    )
    if name:
        parts.append(plain(str(name)))
    if target.get("intent"):
        parts.append(f"({plain(str(target['intent']))})")
    if target.get("filter_id"):
        name = plain(str(target.get("filter_name") or target["filter_id"]))
        parts.append(f"[{plain(str(target.get('filter_type') or ''))} filter {name}]")
    if target.get("settings"):
        parts.append("with settings")
    return " ".join(parts)
