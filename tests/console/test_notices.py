"""What is said in passing goes by a clock that nobody sets, and never makes the console stand still."""

from __future__ import annotations

import time

import pytest
from textual.notifications import Notification
from textual.widgets._toast import Toast

from .driving import Driver, drive
from .world import busy_world


def said(driver: Driver) -> list[Notification]:
    return list(driver.app._notifications)


def test_a_notice_that_ran_out_while_its_toast_was_made_has_a_moment_left() -> None:
    """Textual's timers turn in a circle for a time that is over: the console stood still when a screen was changed just then."""

    async def steps(driver: Driver) -> None:
        driver.app.say("The backup was started.")
        await driver.until_quick(lambda: said(driver))
        notice = said(driver)[0]
        for ago in (notice.timeout, notice.timeout + 0.03, 3_600.0):
            notice.raised_at = type(notice)("").raised_at - ago
            assert notice.has_expired and Toast(notice)._timeout > 0
        await driver.press("question_mark")
        assert said(driver) == [] and "was started" not in driver.text()

    drive(steps, busy_world())


def test_a_clock_that_is_set_leaves_what_is_said_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(driver: Driver) -> None:
        driver.app.say("The backup was started.")
        await driver.until_quick(lambda: said(driver))
        notice, now = said(driver)[0], time.time()
        for shift in (-3_600.0, 3_600.0):
            monkeypatch.setattr("textual.notifications.time", lambda shift=shift: now + shift)
            assert 0 < notice.time_left <= notice.timeout and not notice.has_expired

    drive(steps, busy_world())
