"""What stands below the facts of a run: its failures by reason, what waits for approval, and what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsconsole.console.desk.runs import RunReport
from opsconsole.console.figures import grouped
from opsconsole.console.pen import Pen, Span
from opsconsole.console.states import TYPE_WORDS, state_of_set
from opsconsole.console.widgets.column import Column
from opsconsole.domain.failure import Reason
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain
from opsconsole.domain.run import RunType
from opsconsole.service.runs import FailureGroup

APPROVAL = (
    "Nothing is written for these yet: another administrator approves them in Intune (Tenant administration, "
    "Multi Admin Approval).",
    "→ Once approved, r sends the same requests again; what was rejected or expired asks anew, with your justification.",
)
"""What happens next to policies that wait for a second administrator."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One row: a group of failures, policies that wait, or something that belongs to the run. ``explained``: (ink, words)."""

    key: str
    title: str
    count: str
    note: str
    ink: str
    explained: tuple[tuple[str, str], ...]
    opens: tuple[str, str]
    reason: Reason | None = None
    request_id: str = ""
    number: int = 0


def things_of(report: RunReport, order: dict[str, int]) -> list[Thing]:
    """Return the rows. ``order`` keeps the places of groups: growing numbers must not move rows under the cursor."""
    for group in report.groups:
        order.setdefault(_key(group), len(order))
    things = [_failures(group) for group in sorted(report.groups, key=lambda group: order[_key(group)])]
    awaiting = report.run.counters.awaiting
    if awaiting and (restore := report.related.get("restore_run")):
        words = ("text", APPROVAL[0]), ("key", APPROVAL[1])
        row = Thing(
            "awaiting", "awaiting approval", grouped(awaiting), "somebody must approve", "partial", words,
            ("restore", str(restore)), Reason.APPROVAL_REQUIRED,
        )  # fmt: skip
        things.append(row)
    return [*things, *_related(report)]


def columns_of(*, has_failures: bool) -> tuple[Column[Thing], ...]:
    """Return the columns, under the titles of what there is."""
    title = "Failures, and what belongs here" if has_failures else "What belongs to this run"
    return (
        Column(title, 31, lambda row, pen, width: pen.cell(row.title, width, row.ink)),
        Column(
            "Items" if has_failures else "",
            7,
            lambda row, pen, width: pen.cell(row.count, width, "strong", right=True),
            right=True,
        ),
        Column("", 10, lambda row, pen, width: pen.cell(row.note, width, "dim"), flex=1),
    )


def nothing_yet(pen: Pen) -> list[list[Span]]:
    """Return what stands where a run has nothing below it."""
    return [[("No failures, and nothing else belongs to this run yet.", pen.ink("dim"))]]


def explained(thing: Thing | None, pen: Pen) -> list[list[Span]]:
    """Return the words about the row under the cursor."""
    return [[(pen.drawn(words), pen.ink(ink))] for ink, words in (thing.explained if thing else ())]


def _key(group: FailureGroup) -> str:
    return f"reason:{group.reason.value}:{group.code.value}"


def _failures(group: FailureGroup) -> Thing:
    message = plain(group.message)
    is_first = bool(message) and group.count > 1
    said = f"The first of {grouped(group.count)} says: {message}" if is_first else message or group.info.explanation
    words: list[tuple[str, str]] = [("text", said)]
    if group.request_ids:
        more = "" if group.count <= len(group.request_ids) else " and others"
        words.append(("dim", f"request {', '.join(plain(one) for one in group.request_ids[:1])}{more}"))
    words.append(("key", f"→ {group.info.next_step}"))
    return Thing(
        _key(group),
        group.reason.value.replace("_", " "),
        grouped(group.count),
        group.code.value,
        "bad",
        tuple(words),
        ("reason", group.reason.value),
        group.reason,
        group.request_ids[0] if group.request_ids else "",
        group.count,
    )


def _related(report: RunReport) -> list[Thing]:
    things: list[Thing] = []
    found, related = report.backup_set, report.related

    def add(kind: str, title: str, ref: object, note: str, said: str) -> None:
        if ref:
            things.append(Thing(f"{kind}:{ref}", f"→ {title}", "", note, "key", (("text", said),), (kind, str(ref))))

    def add_all(title: str, refs: Sequence[object], said: str) -> None:
        for ref in refs:
            add("run", title, ref, short_id(str(ref)), said)

    # First, so that it is in view on a low terminal: who looks at a failure asks whether somebody took it up.
    add_all("retried by", related.get("retries") or (), "A later run that took up the rest of this one.")
    if report.run.type is RunType.DRIFT:
        add("drift", "what differs", report.run.id, "policy by policy", "The policies that differ, with both sides.")
    if found is not None:
        counts = f"{grouped(found.count('fetched'))} of {grouped(found.count('listed'))}"
        said = f"The backup set that this run works on; it is {state_of_set(found).word}."
        add("set", "backup set", found.id, f"{short_id(found.id)} · {counts}", said)
    if restore := related.get("restore_run"):
        add("restore", "restore plan", restore, short_id(str(restore)), "The plan that this run made or executes.")
    kind = TYPE_WORDS[report.run.type]
    add_all("retry of", [related.get("retry_of")], f"The {kind} whose rest this one took up.")
    add_all("follows", [related.get("after")], "This run began when that one was completed.")
    add_all("followed by", related.get("followed_by") or (), "That run begins when this one is completed.")
    if entry := related.get("audit_entry"):
        add("entry", "audit entry", entry, short_id(str(entry)), "The entry of the audit trail for this execution.")
    return things
