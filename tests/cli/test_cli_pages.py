"""Cursors: what no page gave is refused or finds nothing, and is never a mistake of the program."""

from __future__ import annotations

import pytest

from .program import Program

CURSORS = ("nonsense", "-1", "9" * 30, "'; DROP TABLE runs; --", "☃\x1b", "")


def test_a_cursor_that_no_page_gave(backed_up: Program) -> None:
    for words in (
        "runs list",
        "backups list",
        "backups items latest",
        "restore list",
        "audit list",
        "schedules list",
        "tenants list",
        "members list",
        "policy-types list",
    ):
        for cursor in CURSORS:
            answer = backed_up.inline(*words.split(), "--cursor", cursor, "--json")
            assert answer.code in (0, 2), (words, cursor, answer)
            if answer.code or cursor == "nonsense":
                assert answer.code == 2, (words, cursor)
                assert answer.error["code"] == "usage"


@pytest.mark.parametrize("words", ["tenants list", "members list", "policy-types list", "runs list", "audit list"])
def test_pages_join_without_gap_or_repetition(backed_up: Program, words: str) -> None:
    whole = backed_up.ask(*words.split(), "--limit", "1000")
    assert whole["next_cursor"] is None
    joined: list[object] = []
    cursor: list[str] = []
    while True:
        page = backed_up.ask(*words.split(), "--limit", "2", *cursor)
        assert len(page["items"]) <= 2
        joined += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = ["--cursor", page["next_cursor"]]
    assert joined == whole["items"]
