"""`opsconsole policy-types`: what can be backed up and restored, how, and what cannot."""

from __future__ import annotations

from typing import Any

import click

from opsconsole.cli.columns import Column, Row
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import page_options, with_invocation
from opsconsole.cli.paging import page_of
from opsconsole.graph.client import VERSION
from opsconsole.graph.policy_types import POLICY_TYPES, PolicyType, Read, Write

COLUMNS = (
    Column("Type", fixed=True),
    Column("Endpoint", drop=2),
    Column("Version", drop=1),
    Column("Read", drop=3),
    Column("Write", drop=4),
    Column("Permission, or why not", whole=True),
)

READ_WORDS = {
    Read.WITH_LIST: "with the list",
    Read.BY_ITEM: "one by one, in batches",
    Read.BY_ITEM_EXPANDED: "with each policy, in batches",
}
"""How assignments are read."""

WRITE_WORDS = {
    Write.REPLACE: "all at once",
    Write.UPDATE: "all at once, with /update",
    Write.STEPS: "step by step",
    Write.NONE: "not",
}
"""How assignments are written."""


@click.group(short_help="What can be backed up, and how; what cannot.")
def command() -> None:
    """The policy types of Intune: how each is read and written, or why it is left out."""


@command.command("list")
@page_options
@with_invocation
def list_types(invocation: Invocation, limit: int, cursor: str | None) -> int:
    """List all policy types, the supported ones first."""
    known = sorted(POLICY_TYPES.values(), key=lambda one: not one.is_supported)
    found, next_cursor = page_of(known, limit, cursor)
    out = invocation.out
    if out.is_json:
        out.page([_to_json(one) for one in found], next_cursor)
        return 0
    rows: list[Row] = [
        [
            one.key,
            one.path,
            VERSION,
            READ_WORDS[one.read] if one.is_supported else "",
            WRITE_WORDS[one.write] if one.is_supported else "",
            _permission(one) if one.is_supported else one.why_not,
        ]
        for one in found
    ]
    out.page_table(COLUMNS, rows, next_cursor, empty="")
    return 0


def _permission(one: PolicyType) -> str:
    """Return both permissions, parted where a narrow column can break."""
    return f"{one.permission_read}, to restore {one.permission_write.removeprefix(one.permission + '.')}"


def _to_json(one: PolicyType) -> dict[str, Any]:
    return {
        "key": one.key,
        "label": one.label,
        "endpoint": one.path,
        "version": VERSION,
        "supported": one.is_supported,
        "why_not": one.why_not or None,
        "read": "expand" if one.expands else "batch",
        "read_how": one.read.value if one.is_supported else None,
        "write": one.write.value,
        "name_field": one.name_field,
        "body_key": one.body_key or None,
        "assignment_type": one.assignment_type,
        "kept_fields": list(one.kept_fields),
        "legal_targets": sorted(kind.value for kind in one.legal_targets),
        "skips": one.skips or None,
        "permission_read": one.permission_read or None,
        "permission_write": one.permission_write or None,
    }
