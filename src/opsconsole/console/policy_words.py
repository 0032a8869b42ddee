"""What a policy type is called on screens: its label, or what was stored where this version does not know it."""

from __future__ import annotations

from opsconsole.graph.policy_types import POLICY_TYPES


def type_words(key: str) -> str:
    """Return ``Settings catalog`` for ``settingsCatalogPolicy``."""
    known = POLICY_TYPES.get(key)
    return known.label if known is not None else key
