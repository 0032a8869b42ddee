"""What reaches the terminal: foreign text is harmless, colour is off where it should be, JSON is one document, mistakes stay clean."""

from __future__ import annotations

import json
import logging
import re
import stat
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest

from opsconsole.cli import app, logfile
from opsconsole.cli.columns import Cell, Column
from opsconsole.cli.ending import ending_of
from opsconsole.cli.filters import parse_moment
from opsconsole.cli.outcome import exit_code_of
from opsconsole.cli.progress import ProgressLines, describe
from opsconsole.cli.states import STATES
from opsconsole.cli.table import draw
from opsconsole.cli.targets import WORDS, target_words
from opsconsole.cli.text import duration, zone_word
from opsconsole.domain.assignment import TargetKind
from opsconsole.domain.audit import AuditOutcome
from opsconsole.domain.backup import ItemStatus, TypeStatus
from opsconsole.domain.failure import Failure, FailureCode, Reason
from opsconsole.domain.restore import ItemState, RestoreStatus
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status, empty_context
from opsconsole.simulator import SimulatorThread

from .control import control
from .program import Program

NASTY = "\x1b[31mred\x1b]8;;http://evil\x07link \u202egnp.exe [bold]x[/bold] \u200b\r\n\x9b2J end"


def test_names_from_graph_cannot_style_click_or_move(ready: Program, simulator: SimulatorThread) -> None:
    policy = {"id": "0f0e0d0c-0000-4000-8000-000000000001", "displayName": NASTY, "assignments": []}
    control(simulator, "POST", "policies/deviceConfiguration", policy)
    assert ready.inline("backup", "contoso", "--types", "deviceConfiguration", "--wait").code == 0
    text = ready.inline("backups", "items", "latest", "--search", "gnp", "--limit", "5")
    assert "red" in text.out
    assert "[bold]x[/bold]" in text.out
    for char in "\x1b\x07\x9b\u202e\u200b\r":
        assert char not in text.out
    document = ready.ask("backups", "items", "latest", "--search", "gnp", "--limit", "5")
    assert [item["policy_name"] for item in document["items"]] == [NASTY]
    raw = ready.inline("backups", "items", "latest", "--search", "gnp", "--json").out
    assert raw.isascii()
    assert "\x1b" not in raw


def test_what_the_user_typed_is_harmless_in_an_error(ready: Program) -> None:
    answer = ready.inline("runs", "show", "\x1b[2Jx")
    assert answer.code == 4
    assert "\x1b" not in answer.err


def test_tables_fit_cut_on_a_terminal_and_whole_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    columns = (Column("Id", fixed=True), Column("Name"))
    rows = [["abcdef", "x" * 60], ["ghijkl", Cell("done", "green")]]
    piped = draw(columns, rows, is_terminal=False).text
    assert piped.count("x") == 60
    assert max(map(len, piped.splitlines())) == 30
    assert "\x1b" not in piped
    drawn = draw(columns, rows, is_terminal=True).text
    assert drawn.count("x") < 30
    assert "…" in drawn
    assert "abcdef" in drawn
    assert "\x1b[" in drawn
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in draw(columns, rows, is_terminal=True).text


def test_a_narrow_table_leaves_columns_out_and_keeps_ids_and_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = (
        Column("Id", fixed=True),
        Column("By", drop=1),
        Column("Name"),
        Column("Why", whole=True),
        Column("Note"),
        Column("Made", fixed=True, is_time=True),
    )
    reason = "a reason of many words that must all be read"
    rows = [["abcdef", "b" * 20, "n" * 50, reason, "", "2026-01-01"]]
    monkeypatch.delenv("COLUMNS", raising=False)
    wide = draw(columns, rows, is_terminal=False)
    assert max(map(len, wide.text.splitlines())) <= 100
    assert wide.left_out == ("By",)
    assert "Note" not in wide.text
    assert "Made (UTC)" in wide.text or "Made (local)" in wide.text
    for width in (80, 60):
        monkeypatch.setenv("COLUMNS", str(width))
        for is_terminal in (True, False):
            text = re.sub(r"\x1b\[[0-9;]*m", "", draw(columns, rows, is_terminal=is_terminal).text)
            assert max(map(len, text.splitlines())) <= width
            assert all(word in text for word in ("abcdef", "2026-01-01", *reason.split()))


def test_a_terminal_never_gets_a_line_that_it_would_have_to_break(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [Column(f"Column{number}", fixed=True) for number in range(6)]
    rows = [["x" * 18] * 6]
    for width, kept in ((80, 4), (60, 3), (40, 2), (20, 1)):
        monkeypatch.setenv("COLUMNS", str(width))
        drawn = draw(columns, rows, is_terminal=True)
        text = re.sub(r"\x1b\[[0-9;]*m", "", drawn.text)
        assert max(map(len, text.splitlines())) <= width
        assert drawn.left_out == tuple(f"Column{number}" for number in range(kept, 6))
    assert not draw(columns, rows, is_terminal=False).left_out, "in a pipe nothing breaks lines"


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_title_is_cut_while_another_column_can_give(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    columns = [
        Column("Tenant"),
        Column("Newest complete backup"),
        Column("Policies", "right"),
        Column("Type", fixed=True),
    ]
    rows = [["a tenant with a very long name " * 4, "2026-01-01 10:00", "1,204", "x"]]
    for is_terminal in (True, False):
        text = re.sub(r"\x1b\[[0-9;]*m", "", draw(columns, rows, is_terminal=is_terminal).text)
        assert all(column.title in text.splitlines()[0] for column in columns)
    assert "Tenant" not in draw(columns, [], is_terminal=True).text, "a column without a word is left out"


@pytest.mark.parametrize("width", [80, 100])
def test_no_list_is_wider_than_it_may_be(backed_up: Program, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (
        "runs list",
        "backups list",
        "backups items latest",
        "audit list",
        "members list",
        "policy-types list",
        "db check",
    ):
        text = backed_up.inline(*words.split()).out
        assert text
        assert max(map(len, text.splitlines())) <= width, words


def test_lengths_of_time_and_zones() -> None:
    shown = {0.01: "<0.1 s", 0.4: "0.4 s", 0.94: "0.9 s", 0.97: "0m01", 12: "0m12", 248: "4m08", 7500: "2h05"}
    assert {seconds: duration(seconds) for seconds in shown} == shown
    assert zone_word() in ("UTC", "local")


@pytest.mark.parametrize(
    "kind",
    [Status, Outcome, ItemStatus, TypeStatus, ItemState, RestoreStatus, AuditOutcome],
    ids=lambda kind: kind.__name__,
)
def test_every_state_of_the_domain_has_its_looks(kind: type) -> None:
    assert {member.value for member in kind} <= set(STATES)  # type: ignore[attr-defined]
    assert len({(state.glyph, state.word) for state in STATES.values()}) >= 20


def test_every_kind_of_target_has_its_word() -> None:
    assert {kind.value for kind in TargetKind} == set(WORDS)
    words = target_words(
        {"kind": "exclusion", "group_name": "A\x1b", "filter_id": "f", "filter_name": "F", "filter_type": "include"}
    )
    assert words == "not group A␛ [include filter F]"


def _run(outcome: Outcome, *reasons: Reason, kind: RunType = RunType.FETCH, after: str | None = None) -> OperationRun:
    failures = tuple(Failure(FailureCode.FETCH_FAILED, reason, "") for reason in reasons)
    context = empty_context({})
    return OperationRun(
        f"{kind.value}", "w", "main", "t", "contoso", kind, Status.COMPLETED, outcome, "h", context, "uid:1", "a", "",
        after_run_id=after, failures=failures,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "code"),
    [
        ([], 0),
        ([_run(Outcome.SUCCEEDED)], 0),
        ([_run(Outcome.SUCCEEDED), _run(Outcome.PARTIALLY_SUCCEEDED, Reason.THROTTLED)], 3),
        ([_run(Outcome.PARTIALLY_SUCCEEDED, Reason.TIMEOUT), _run(Outcome.FAILED, Reason.TIMEOUT)], 1),
        ([_run(Outcome.CANCELLED)], 1),
        ([_run(Outcome.FAILED, Reason.NETWORK_UNREACHABLE)], 7),
        ([_run(Outcome.FAILED, Reason.NETWORK_UNREACHABLE, Reason.TIMEOUT)], 1),
        ([_run(Outcome.FAILED, Reason.CHANGED_SINCE_PREVIEW, kind=RunType.RESTORE)], 6),
        (
            [
                _run(Outcome.FAILED, Reason.NETWORK_UNREACHABLE, kind=RunType.CAPTURE),
                _run(Outcome.FAILED, Reason.BACKUP_INCOMPLETE, after=RunType.CAPTURE.value),
            ],
            7,
        ),
    ],
)
def test_outcomes_become_exit_codes(runs: list[OperationRun], code: int) -> None:
    assert exit_code_of(runs) == code


def test_progress_in_a_log_is_one_line_a_change_and_one_each_half_minute() -> None:
    said: list[str] = []
    now = [0.0]
    lines = ProgressLines(said.append, lambda: now[0])
    run = _run(Outcome.PENDING)
    with lines:
        for done, wait in (
            (0, ""),
            (1, ""),
            (3, "waiting for Graph until 14:02:07"),
            (4, "waiting for Graph until 14:02:07"),
        ):
            running = replace(run, status=Status.RUNNING, context={"progress": {"done": done, "total": 9}})
            lines.show([running], {run.id: wait})
        assert [line.rpartition(", ")[2] for line in said] == ["0 of 9", "waiting for Graph until 14:02:07"]
        now[0] = 31.0
        lines.show([running], {run.id: wait})
        assert len(said) == 3


def test_a_capture_that_runs_does_not_know_its_total() -> None:
    context = {"progress": {"done": 178, "total": 178}, "counters": {"total": 178, "processed": 178}}
    capture = replace(_run(Outcome.PENDING, kind=RunType.CAPTURE), status=Status.RUNNING, context=context)
    assert describe(capture) == "178 so far"
    ended = replace(capture, status=Status.COMPLETED, context={**context, "failure_count": 13})
    assert describe(ended) == "178 of 178, 13 failed"


def test_a_mistake_is_told_without_data_and_logged_without_secrets(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    def broken() -> None:
        raise RuntimeError(
            "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhIn0.c2lnbmF0dXJl for alice@contoso.com"
        )

    monkeypatch.setattr(app.root, "get_command", lambda ctx, name: broken)
    answer = program.inline("runs", "--json")
    # The command knows no --json here, so ask for it where the root takes it.
    answer = program.inline("--json", "runs")
    assert answer.code == 1
    assert answer.error["code"] == "internal_error"
    assert "eyJ" not in answer.out + answer.err
    path = program.folder / "state" / "opsconsole" / "log" / "opsconsole.log"
    logged = path.read_text(encoding="utf-8")
    assert "RuntimeError" in logged
    assert "test_cli_output.py" in logged
    assert "eyJ" not in logged
    assert "alice@contoso.com" not in logged
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_log_is_rotated_and_stays_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "MAX_BYTES", 2000)
    for _ in range(120):
        assert logfile.log_mistake(ValueError("x" * 50), tmp_path) is not None
    files = sorted(tmp_path.iterdir())
    assert len(files) == logfile.KEPT_LOGS + 1
    if sys.platform != "win32":
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_log_that_cannot_be_written_hides_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert logfile.log_mistake(ValueError("x"), blocked) is None
    ending = ending_of(OSError(28, "No space left on device"))
    assert (ending.exit_code, ending.message) == (1, "The disk is full.")


def test_what_an_engine_reports_goes_to_the_log_alone(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("opsconsole")
    before = logger.handlers[:]
    logger.handlers.clear()
    try:
        logfile.keep_log()
        logging.getLogger("opsconsole.engine").error("run %s stays", "abc")
        logging.getLogger("azure.identity").warning("token eyJ")
    finally:
        for handler in logger.handlers:
            handler.close()
        logger.handlers[:] = before
    said = capsys.readouterr()
    assert said.out + said.err == ""
    path = program.folder / "state" / "opsconsole" / "log" / "opsconsole.log"
    assert "run abc stays" in path.read_text(encoding="utf-8")
    assert "eyJ" not in path.read_text(encoding="utf-8")


def test_a_moment_is_a_time_a_date_or_an_age() -> None:
    from datetime import UTC, datetime

    def clock() -> datetime:
        return datetime(2026, 8, 20, 12, 0, tzinfo=UTC)

    assert parse_moment("7d", "--since", clock) == "2026-08-13T12:00:00.000000Z"
    assert parse_moment("2026-08-20T14:00+02:00", "--since", clock) == "2026-08-20T12:00:00.000000Z"
    assert parse_moment(None, "--since", clock) is None


def test_a_document_stands_on_one_line_in_a_pipe(ready: Program) -> None:
    answer = ready.process("tenants", "list", "--json")
    assert answer.out.count("\n") == 1
    assert json.loads(answer.out)["items"][0]["name"] == "contoso"
