"""Options that many commands share: their names, bounds and help stand here once."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from opsconsole.cli.invocation import Invocation

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

MAX_LIMIT = 1000
"""Entries a page may hold: what a store reads in a few milliseconds and a pipe takes at once."""


def with_invocation(function: Callable[Concatenate[Invocation, P], R]) -> Callable[P, R]:
    """Pass the invocation as first argument, and give the command its ``--json``."""

    def passing(*args: P.args, **kwargs: P.kwargs) -> R:
        kwargs.pop("is_json")
        invocation = click.get_current_context().find_object(Invocation)
        assert invocation is not None  # noqa: S101 - the root command makes it
        return function(invocation, *args, **kwargs)

    wrapped = update_wrapper(passing, function)
    return click.option("--json", "is_json", is_flag=True, help="Write one JSON document to stdout, nothing else.")(
        wrapped
    )


def page_options(function: F) -> F:
    """Give a list its ``--limit`` and ``--cursor``."""
    function = click.option(
        "--cursor", metavar="CURSOR", help="Go on where the page before ended (its `next_cursor`)."
    )(function)
    return click.option(
        "--limit",
        type=click.IntRange(1, MAX_LIMIT),
        default=50,
        show_default=True,
        help="Entries on a page.",
    )(function)


def part_options(function: F) -> F:
    """Give a retry its ``--reason`` and ``--items``: only a part of what was left undone."""
    function = click.option(
        "--items", multiple=True, metavar="TYPE:ID", help="Only this policy; may be repeated (fetches and restores)."
    )(function)
    return click.option(
        "--reason", metavar="REASON", help="Only what failed for this reason, such as timeout (fetches and restores)."
    )(function)


def wait_option(function: F) -> F:
    """Give a command that starts runs its ``--wait``."""
    return click.option(
        "--wait",
        is_flag=True,
        help="Stay until the runs have ended, with an engine of its own where none is live; the exit code tells the outcome.",
    )(function)


def split_words(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of an option that may be repeated, hold several words parted by commas, or both."""
    return tuple(word for value in values for word in (part.strip() for part in value.split(",")) if word)
