"""The options that narrow lists of backup sets and restore runs: the words of their filters on screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from opsconsole.cli.filters import parse_moment
from opsconsole.cli.options import split_words
from opsconsole.errors import UsageError
from opsconsole.service.record_query import RecordQuery

F = TypeVar("F", bound=Callable[..., Any])


def record_options(states: str) -> Callable[[F], F]:
    """Give a list its words; ``record_query`` reads them. ``states`` says which states there are."""

    def decorate(function: F) -> F:
        for option in (
            click.option("--search", metavar="TEXT", help="The end of an id, or part of a tenant's or member's name."),
            click.option("--by", metavar="NAME", help="Only what this member made."),
            click.option("--until", metavar="WHEN", help="Only what was made before: as for --since."),
            click.option(
                "--since", metavar="WHEN", help="Only what was made since: a time, a date, or an age such as 7d or 24h."
            ),
            click.option("--tenant", metavar="NAME", help="Only this tenant."),
            click.option("--state", "states", multiple=True, metavar="STATE", help=f"{states}."),
        ):
            function = option(function)
        return function

    return decorate


def record_query(known: Sequence[str], states: tuple[str, ...], **words: Any) -> RecordQuery:
    """Return the query that the options stand for. Raises UsageError for a state that is none of ``known``."""
    chosen = split_words(states)
    for state in chosen:
        if state.lower() not in known:
            raise UsageError(f"--state does not know {state!r}.", f"It is one of: {', '.join(known)}.")
    return RecordQuery(
        states=tuple(state.lower() for state in chosen),
        tenant=words["tenant"],
        since=parse_moment(words["since"], "--since"),
        until=parse_moment(words["until"], "--until"),
        by=words["by"],
        search=words["search"],
    )
