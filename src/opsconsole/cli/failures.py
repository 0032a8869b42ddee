"""Failures in text: grouped by reason, with the message of the first, the policies they are about, and what to do next."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from opsconsole.cli.output import Output
from opsconsole.cli.states import drawable
from opsconsole.cli.text import number, short
from opsconsole.domain.failure import REASONS, Failure, Reason
from opsconsole.domain.plain_text import plain
from opsconsole.domain.run import OperationRun, RunType
from opsconsole.service.runs import FailureGroup

SHOWN_NAMES = 20
"""Policies or types named below a group; `--json` has all of them."""

PAGE_WIDTH, NARROWEST = 100, 40
"""Columns that a list of names takes where no terminal says how many there are, and at least."""

_ORDER = re.compile(r"`[^`]+`")
_CHECK = re.compile(r"tenants check(?! \w)")
_RETRY = re.compile(r"restore retry(?! \w)")


_STEPS_OF_GAPS = {
    RunType.FETCH: "Mend what the capture failed on, then back up anew: `opsconsole backup TENANT`.",
    RunType.DRIFT: "`opsconsole backups fetch SET --failed` fetches what failed; "
    "a type without a whole list needs a new `opsconsole backup TENANT`.",
}
"""What to do about a gap in a set where the general step does not help: only a preview can accept one."""


@dataclass(frozen=True, slots=True)
class Names:
    """The ids that stand in an order for its words in capitals; an unknown one leaves the word."""

    run_id: str | None = None
    set_id: str | None = None
    restore_id: str | None = None
    tenant: str | None = None


def names_of(run: OperationRun) -> Names:
    """Return what a run's orders would name."""
    inputs = run.inputs
    return Names(run.id, inputs.get("set"), inputs.get("restore"), run.tenant)


def next_step(text: str, names: Names, first: Failure | None = None) -> str:
    """Return a next step whose orders can be typed as they stand: ``SET`` and its like become what they stand for."""
    subject = first.subject if first else None
    pairs = [
        (re.compile(r"\bTYPE:ID\b"), f"{subject.policy_type}:{subject.policy_id}" if subject else ":"),
        (re.compile(r"\bSET\b"), short(names.set_id) if names.set_id else ""),
        (re.compile(r"\bRUN\b"), short(names.run_id) if names.run_id else ""),
        (re.compile(r"(?<!:)\bID\b"), short(names.restore_id) if names.restore_id else ""),
        (re.compile(r"\bTENANT\b"), plain(names.tenant or "")),
        (_CHECK, f"tenants check {plain(names.tenant)}" if names.tenant else ""),
        (_RETRY, f"restore retry {short(names.restore_id)}" if names.restore_id else ""),
    ]

    def filled(order: re.Match[str]) -> str:
        text = order[0]
        for pattern, value in pairs:
            if value.strip(":"):
                text = pattern.sub(value.replace("\\", r"\\"), text)
        return text

    return _ORDER.sub(filled, text)


def tell_run_failures(out: Output, run: OperationRun, groups: Sequence[FailureGroup], *, with_each: bool) -> None:
    """Write the failures of a run by reason; ``with_each`` names each policy, with its own message where it has one."""
    for group in groups:
        mine = [one for one in run.failures if one.reason is group.reason and one.code is group.code]
        first = mine[0] if mine else None
        _tell_head(out, group.count, group.reason, group.message or group.info.explanation)
        if with_each:
            _tell_each(out, group.message, mine, group.count)
        _tell_step(out, _step_of(run, group, first))


def tell_set_failures(out: Output, failures: Sequence[Failure], names: Names) -> None:
    """Write what a set lacks, by reason and message, with the types and policies that lack it."""
    grouped: dict[tuple[Reason, str], list[Failure]] = {}
    for failure in failures:
        grouped.setdefault((failure.reason, failure.message), []).append(failure)
    for (reason, message), mine in grouped.items():
        _tell_head(out, len(mine), reason, message)
        _tell_names(out, mine, len(mine))
        _tell_step(out, next_step(REASONS[reason].next_step, names, mine[0]))


def _step_of(run: OperationRun, group: FailureGroup, first: Failure | None) -> str:
    text = group.info.next_step
    if group.reason is Reason.BACKUP_INCOMPLETE:
        text = _STEPS_OF_GAPS.get(run.type, text)
    return next_step(text, names_of(run), first)


def _tell_head(out: Output, count: int, reason: Reason, message: str) -> None:
    out.line(f"  {number(count)} {drawable('×', 'x')} {reason.value}: {plain(message)}")


def _tell_step(out: Output, text: str) -> None:
    out.line(f"    {drawable('→', '->')} {text}")


def _tell_each(out: Output, shared: str, failures: Sequence[Failure], count: int) -> None:
    """Name the policies that share the group's message on one line, the others with their own."""
    _tell_names(out, [one for one in failures if one.message == shared and not one.trace.request_id], count)
    own = [one for one in failures if one.message != shared or one.trace.request_id]
    for one in own[:SHOWN_NAMES]:
        message = f": {plain(one.message)}" if one.message != shared else ""
        request = f" (request {plain(one.trace.request_id)})" if one.trace.request_id else ""
        out.line(f"    {_name(one) or 'the run'}{message}{request}")
    if len(own) > SHOWN_NAMES:
        out.line(f"    and {number(count - len(failures) + len(own) - SHOWN_NAMES)} more: see --json")


def _tell_names(out: Output, failures: Sequence[Failure], count: int) -> None:
    names = list(dict.fromkeys(name for name in map(_name, failures) if name))
    if not names:
        return
    more = f", and {number(count - SHOWN_NAMES)} more: see --json" if len(names) > SHOWN_NAMES else ""
    text = f"{', '.join(names[:SHOWN_NAMES])}{more}"
    width = shutil.get_terminal_size((PAGE_WIDTH, 1)).columns
    for line in textwrap.wrap(text, max(width, NARROWEST), initial_indent="    ", subsequent_indent="    "):
        out.line(line)


def _name(failure: Failure) -> str:
    subject = failure.subject
    return " ".join(part for part in (subject.policy_type, plain(subject.policy_name or subject.policy_id)) if part)
