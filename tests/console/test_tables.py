"""The tables of keys and states, walked whole."""

from collections import Counter

import pytest

from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.health_states import ACCESS_STATES, HEALTH_STATES, URGENCY_STATES
from opsconsole.console.keys import KEYS, bindings_of, keys_of
from opsconsole.console.places import EVERYWHERE
from opsconsole.console.screens.audit import AuditScreen
from opsconsole.console.screens.audit_entry import AuditEntryScreen
from opsconsole.console.screens.backup_item import BackupItemScreen
from opsconsole.console.screens.backup_set import BackupSetScreen
from opsconsole.console.screens.backups import BackupsScreen
from opsconsole.console.screens.dashboard import DashboardScreen
from opsconsole.console.screens.drift_check import DriftCheckScreen
from opsconsole.console.screens.drifts import DriftsScreen
from opsconsole.console.screens.failures import FailuresScreen
from opsconsole.console.screens.help import HelpScreen
from opsconsole.console.screens.members import MembersScreen
from opsconsole.console.screens.plan import PlanScreen
from opsconsole.console.screens.plan_item import PlanItemScreen
from opsconsole.console.screens.restores import RestoresScreen
from opsconsole.console.screens.run import RunScreen
from opsconsole.console.screens.run_log import RunLogScreen
from opsconsole.console.screens.runs import RunsScreen
from opsconsole.console.screens.schedules import SchedulesScreen
from opsconsole.console.screens.set_difference import SetDifferenceScreen
from opsconsole.console.screens.tenant import TenantScreen
from opsconsole.console.screens.tenants import TenantsScreen
from opsconsole.console.states import (
    AUDIT_STATES,
    DIFFERENCE_STATES,
    DRAWN_ASCII,
    ITEM_STATES,
    LOG_STATES,
    PLAN_STATES,
    RESTORE_STATES,
    RUN_STATES,
    SET_STATES,
    TYPE_WORDS,
    State,
)
from opsconsole.console.theme import INKS
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.written_lines import WRITE_STATES
from opsconsole.domain.attention import Urgency
from opsconsole.domain.audit import AuditOutcome
from opsconsole.domain.backup import ItemStatus
from opsconsole.domain.difference import DIFFERING, UNKNOWN
from opsconsole.domain.plain_text import cell_width
from opsconsole.domain.restore import UNDONE, ItemState, RestoreStatus, WriteState
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.domain.run_event import EventKind
from opsconsole.service.access_lines import AccessState
from opsconsole.service.written import IN_PART

SCREENS = (
    AuditEntryScreen,
    AuditScreen,
    BackupItemScreen,
    BackupSetScreen,
    BackupsScreen,
    DriftCheckScreen,
    DriftsScreen,
    DashboardScreen,
    FailuresScreen,
    HelpScreen,
    MembersScreen,
    PlanScreen,
    PlanItemScreen,
    RestoresScreen,
    RunLogScreen,
    RunScreen,
    RunsScreen,
    SetDifferenceScreen,
    TenantScreen,
    TenantsScreen,
    SchedulesScreen,
)

HEALTH = (URGENCY_STATES, ACCESS_STATES, HEALTH_STATES)

STATES: list[State] = [
    state
    for table in (
        RUN_STATES,
        ITEM_STATES,
        SET_STATES,
        PLAN_STATES,
        RESTORE_STATES,
        AUDIT_STATES,
        DIFFERENCE_STATES,
        WRITE_STATES,
        LOG_STATES,
        *HEALTH,
    )
    for state in table.values()  # type: ignore[attr-defined]
]


def test_every_key_has_an_id_of_its_own_and_says_what_it_does() -> None:
    assert [name for name, count in Counter(key.id for key in KEYS).items() if count > 1] == []
    for key in KEYS:
        assert key.shown and key.label and key.help.endswith("."), key.id
        assert key.places <= EVERYWHERE | {"table"}, key.id


def test_every_key_that_writes_names_its_capability_and_asks_first() -> None:
    for key in KEYS:
        if key.is_write:
            assert key.capability is not None, key.id
            assert "sks first" in key.help, key.id


@pytest.mark.parametrize("screen", SCREENS)
def test_every_key_of_a_screen_has_its_action_and_no_key_means_two_things(screen: type) -> None:
    taken: Counter[str] = Counter()
    for key in [*keys_of(screen.place), *keys_of("table")]:  # type: ignore[attr-defined]
        taken.update(key.keys.split(","))
        owner: type = screen
        action = key.action.partition("(")[0]
        if action.startswith("app."):
            owner, action = OpsConsoleApp, action.removeprefix("app.")
        elif key.places == {"table"}:
            owner = WindowTable
        assert callable(getattr(owner, f"action_{action}", None)), f"{key.id}: no action_{action}"
    assert [name for name, count in taken.items() if count > 1] == []


def test_every_binding_carries_an_id() -> None:
    for place in (*EVERYWHERE, "table"):
        assert all(getattr(binding, "id", None) for binding in bindings_of(place))


def test_every_state_has_glyph_word_and_ink_and_a_sign_for_terminals_without_unicode() -> None:
    for state in STATES:
        assert cell_width(state.glyph) == 1 and state.word, state
        assert len(state.ascii) == 1 and state.ascii.isascii(), state
        assert state.ink in INKS, state


def test_no_state_is_left_out() -> None:
    assert set(ITEM_STATES) == set(ItemStatus)
    assert set(PLAN_STATES) == set(ItemState)
    assert set(RESTORE_STATES) == {*RestoreStatus, UNDONE}
    assert set(DIFFERENCE_STATES) == {*DIFFERING, UNKNOWN}
    assert set(WRITE_STATES) == {*WriteState, IN_PART}
    assert set(AUDIT_STATES) == {outcome.value for outcome in AuditOutcome}
    assert set(ACCESS_STATES) == set(AccessState)
    assert set(URGENCY_STATES) == set(Urgency)
    assert set(TYPE_WORDS) == set(RunType)
    assert set(LOG_STATES) == set(EventKind)
    shown = {status.value for status in Status} | {outcome.value for outcome in Outcome}
    assert shown - {"completed", "pending"} <= set(RUN_STATES)


def test_states_of_one_table_differ_without_colour() -> None:
    for table in (RUN_STATES, ITEM_STATES, SET_STATES, PLAN_STATES, *HEALTH):
        words = [state.word for state in table.values()]  # type: ignore[attr-defined]
        assert len(set(words)) == len(words)


def test_drawn_characters_become_ascii() -> None:
    assert all(shown.isascii() and cell_width(drawn) == 1 for drawn, shown in DRAWN_ASCII.items())
