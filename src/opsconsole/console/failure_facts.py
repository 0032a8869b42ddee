"""One failure in words: below its list in a few lines, beside it with every field."""

from __future__ import annotations

from opsconsole.console.pen import Pen, Span
from opsconsole.domain.failure import REASONS, Failure
from opsconsole.domain.plain_text import cut, plain

LABEL_WIDTH = 12
"""Columns of the words at the left."""

MAX_MESSAGE = 600
"""Characters of a message that are shown; the export has all of it."""


def failure_name(failure: Failure) -> str:
    """Return what a failure is about: a policy by name, else by id, else a policy type, else the whole run."""
    subject = failure.subject
    return subject.policy_name or subject.policy_id or subject.policy_type or "the whole run"


def failure_lines(failure: Failure, pen: Pen) -> list[list[Span]]:
    """Return a failure as it stands below its list: policy, message, request, explanation, next step."""
    subject, trace, info = failure.subject, failure.trace, REASONS[failure.reason]
    lines: list[list[Span]] = [
        [
            (cut(failure_name(failure), 60), pen.ink("strong")),
            (f"  {cut(f'{subject.policy_type} {subject.policy_id}'.strip(), 80)}", pen.ink("dim")),
        ],
        [(cut(failure.message, MAX_MESSAGE), pen.ink("text"))],
    ]
    if trace.request_id or trace.client_request_id or trace.graph_code:
        lines.append(
            [
                (plain(f"{trace.graph_code}  ".lstrip()), pen.ink("bad")),
                ("request ", pen.ink("dim")),
                (plain(trace.request_id or trace.client_request_id), pen.ink("text")),
            ]
        )
    if info.explanation != failure.message:
        lines.append([(info.explanation, pen.ink("dim"))])
    lines.append([(pen.drawn(f"→ {info.next_step}"), pen.ink("key"))])
    return lines


def failure_fields(failure: Failure, pen: Pen) -> list[list[Span]]:
    """Return every field of a failure, with what it means and what to do next."""
    subject, trace, info = failure.subject, failure.trace, REASONS[failure.reason]
    pairs = (
        ("Policy", subject.policy_name),
        ("Type", subject.policy_type),
        ("Policy id", subject.policy_id),
        ("Code", failure.code.value),
        ("Reason", failure.reason.value),
        ("HTTP", str(trace.http_status or "")),
        ("Graph code", trace.graph_code),
        ("Request", trace.request_id),
        ("Client req.", trace.client_request_id),
    )
    lines = [
        [*pen.cell(name, LABEL_WIDTH, "dim"), (cut(value, 120), pen.ink("text"))] for name, value in pairs if value
    ]
    return [
        *lines,
        [],
        [(cut(failure.message, MAX_MESSAGE), pen.ink("strong"))],
        [],
        *([] if info.explanation == failure.message else [[(info.explanation, pen.ink("text"))]]),
        [(pen.drawn(f"→ {info.next_step}"), pen.ink("key"))],
    ]
