"""``--export FILE``: writing a whole list to a file rather than showing a page of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from opsconsole.cli.invocation import Invocation
from opsconsole.cli.text import number
from opsconsole.domain.plain_text import plain

if TYPE_CHECKING:
    from opsconsole.service.list_export import ListExport

F = TypeVar("F", bound=Callable[..., Any])


def export_option(what: str) -> Callable[[F], F]:
    """Give a command its ``--export``; ``what`` says what is written."""
    return click.option(
        "--export",
        "export_to",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help=f"Write {what} to a new file instead: CSV for a name that ends in .csv, else JSON Lines.",
    )


def tell_export(invocation: Invocation, export: ListExport[Any], file: Path) -> int:
    """Write a list and say how many rows it has. Raises UsageError rather than overwrite."""
    from opsconsole.service.list_export import write_list

    rows = write_list(export, file)
    if invocation.out.is_json:
        invocation.out.document({"file": str(file), "rows": rows})
    else:
        invocation.out.line(f"{number(rows)} {export.noun} written to {plain(str(file))}")
    return 0
