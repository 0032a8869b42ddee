"""Golden screens of one run: its states, its log, its failures."""

from __future__ import annotations

from .shot import WIDE, Shot, each_look
from .shots_runs import FAILED, RUNNING
from .world_run import awaiting_world, cancelled_world, many_failures_world, run_world, throttled_world, waiting_world

PARTIAL = (*("down",) * 8, "enter")
"""Opens the fetch that failed in part."""

RUN_DETAIL_SHOTS: dict[str, Shot] = {
    **each_look("run", run_world, *RUNNING),
    "run_failed": Shot(run_world, FAILED),
    "run_queued": Shot(run_world, ("enter",)),
    "run_waiting": Shot(waiting_world, ("enter",)),
    "run_throttled": Shot(throttled_world, ("enter",)),
    "run_partial": Shot(run_world, PARTIAL),
    "run_cancelled": Shot(cancelled_world, ("enter",)),
    "run_awaiting": Shot(awaiting_world, ("enter",)),
    "run_log": Shot(run_world, (*RUNNING, "l", "down", "down", "down", "down")),
    "run_log_failed": Shot(run_world, (*PARTIAL, "l")),
    "run_log_empty": Shot(waiting_world, ("enter", "l")),
    "failures": Shot(run_world, (*PARTIAL, "enter", "space", "space")),
    "failures_wide": Shot(run_world, (*PARTIAL, "enter"), WIDE),
    "failures_many": Shot(many_failures_world, ("enter", "enter", "G")),
    "failures_light": Shot(run_world, (*PARTIAL, "enter"), look="light"),
    "failures_no_color": Shot(run_world, (*PARTIAL, "enter"), look="no_color"),
    "confirm_retry_reason": Shot(run_world, (*PARTIAL, "R")),
    "run_wide_awaiting": Shot(awaiting_world, ("enter",), WIDE),
}
