"""The keys table: every binding has an id, says where it works and what it needs; footers and help are made from it."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from opsconsole.console.keys.audit import AUDIT_KEYS
from opsconsole.console.keys.backups import BACKUP_KEYS
from opsconsole.console.keys.drift import DRIFT_KEYS
from opsconsole.console.keys.everywhere import EVERYWHERE_KEYS
from opsconsole.console.keys.key import Key
from opsconsole.console.keys.lists import LIST_KEYS
from opsconsole.console.keys.members import MEMBER_KEYS
from opsconsole.console.keys.plans import PLAN_KEYS
from opsconsole.console.keys.restores import RESTORE_KEYS
from opsconsole.console.keys.runs import RUN_KEYS
from opsconsole.console.keys.schedules import SCHEDULE_KEYS
from opsconsole.console.keys.shell import SHELL_KEYS
from opsconsole.console.keys.tenants import TENANT_KEYS

__all__ = ["KEYS", "KEY_BY_ID", "Key", "bindings_of", "keys_of"]

KEYS: tuple[Key, ...] = (
    *LIST_KEYS,
    *RUN_KEYS,
    *TENANT_KEYS,
    *BACKUP_KEYS,
    *RESTORE_KEYS,
    *PLAN_KEYS,
    *DRIFT_KEYS,
    *AUDIT_KEYS,
    *SCHEDULE_KEYS,
    *MEMBER_KEYS,
    *SHELL_KEYS,
    *EVERYWHERE_KEYS,
)
"""In the order in which footers show them."""

KEY_BY_ID: dict[str, Key] = {key.id: key for key in KEYS}


def keys_of(place: str) -> list[Key]:
    """Return the keys that work in a place, in table order."""
    return [key for key in KEYS if place in key.places]


def bindings_of(place: str) -> list[BindingType]:
    """Return a screen's bindings; keys that carry their own value (the tabs) become one binding each."""
    bindings: list[BindingType] = []
    for key in keys_of(place):
        if key.id == "tabs":
            bindings += [
                Binding(digit, f"{key.action}({digit})", key.label, show=False, id=f"tab_{digit}")
                for digit in key.keys.split(",")
            ]
        else:
            bindings.append(Binding(key.keys, key.action, key.label, show=False, id=key.id, priority=key.opens_field))
    return bindings
