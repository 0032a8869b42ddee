"""The question before a restore: what it will change, in words and numbers, and an answer that nobody gives by accident."""

from __future__ import annotations

import click

from opsconsole.cli.output import Output
from opsconsole.cli.text import counted
from opsconsole.domain.plain_text import plain
from opsconsole.errors import UsageError
from opsconsole.service.restores import Confirmation


def tell_plan(out: Output, asked: Confirmation) -> None:
    """Write to stderr what the plan would do."""
    kind = "production tenant" if asked.is_production else "tenant"
    out.note(f"This changes {counted(asked.changes, 'policy', 'policies')} in the {kind} {plain(asked.tenant)}:")
    out.note(f"  {counted(asked.added, 'target')} added, {counted(asked.removed, 'target')} removed")
    if asked.blocked:
        out.note(f"  {counted(asked.blocked, 'policy', 'policies')} left alone: blocked")
    for words in asked.dangers:
        out.note(f"  ! {words}")
    out.note(f"  plan {asked.plan_hash[:12]}")


def confirm_retry(out: Output, asked: Confirmation) -> bool:
    """Ask before a retry writes what its plan has left; in scripts the plan was confirmed when it was first run."""
    if not out.can_ask or not asked.changes:
        return True
    kind = "production tenant" if asked.is_production else "tenant"
    left = counted(asked.changes, "policy", "policies")
    out.note(f"This writes {left} of plan {asked.plan_hash[:12]} again, in the {kind} {plain(asked.tenant)}.")
    return _answer(asked)


def confirm(out: Output, asked: Confirmation) -> bool:
    """Show the plan and ask; the default answer is no. Raises UsageError where nobody can answer."""
    if not out.can_ask:
        raise UsageError(
            "A restore asks for confirmation, and nobody is here to answer.",
            f"In scripts use --yes, with --plan {asked.plan_hash[:12]} to insist on this plan.",
        )
    tell_plan(out, asked)
    return _answer(asked)


def _answer(asked: Confirmation) -> bool:
    if asked.must_type is None:
        return click.confirm("Write this?", default=False, err=True)
    typed = click.prompt(
        f"Type {plain(asked.must_type)} to write this", default="", show_default=False, err=True, type=str
    )
    return str(typed).strip() == asked.must_type
