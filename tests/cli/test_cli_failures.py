"""Next steps that can be typed as they stand: the words of the general text become this run's own ids and names."""

from __future__ import annotations

import pytest

from opsconsole.cli.failures import Names, next_step
from opsconsole.domain.failure import REASONS, Failure, FailureCode, Reason, Subject

NAMES = Names("run-00000a", "set-00000b", "restore-00000c", "contoso")
FIRST = Failure(FailureCode.VERIFY_FAILED, Reason.VERIFICATION_MISMATCH, "", Subject("mobileApp", "abc-1"))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.BACKUP_INCOMPLETE, "`opsconsole backups fetch 00000b --failed`"),
        (Reason.VERIFICATION_MISMATCH, "`opsconsole restore undo 00000c --items mobileApp:abc-1`"),
        (Reason.PERMISSION_DENIED, "`opsconsole tenants check contoso`"),
        (Reason.APPROVAL_REQUIRED, "`opsconsole restore retry 00000c`"),
    ],
)
def test_the_words_of_a_next_step_become_what_they_stand_for(reason: Reason, words: str) -> None:
    assert words in next_step(REASONS[reason].next_step, NAMES, FIRST)


@pytest.mark.parametrize("reason", Reason)
def test_nothing_else_of_a_next_step_changes(reason: Reason) -> None:
    text = REASONS[reason].next_step
    assert next_step(text, Names()) == text
