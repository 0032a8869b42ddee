"""The states of what needs somebody, of a tenant's health and of what may be read in it: rows of the states table."""

from __future__ import annotations

from opsconsole.console.states import State
from opsconsole.domain.attention import Urgency
from opsconsole.service.access_lines import AccessState
from opsconsole.service.tenant_views import TenantView

URGENCY_STATES: dict[Urgency, State] = {
    Urgency.URGENT: State("✗", "now", "bad", "x"),
    Urgency.SOON: State("◐", "soon", "partial", "~"),
    Urgency.NOTE: State("·", "note", "dim", "-"),
}

ACCESS_STATES: dict[AccessState, State] = {
    AccessState.OK: State("✓", "readable", "good", "+"),
    AccessState.MISSING: State("✗", "missing", "bad", "x"),
    AccessState.NOT_AVAILABLE: State("⊘", "not offered", "ended", "-"),
    AccessState.FAILED: State("◐", "no answer", "partial", "~"),
    AccessState.UNKNOWN: State("◌", "not checked", "queued", "."),
}

HEALTH_STATES: dict[str, State] = {
    "ok": State("✓", "healthy", "good", "+"),
    "gaps": State("◐", "gaps", "partial", "~"),
    "failed": State("✗", "check failed", "bad", "x"),
    "unchecked": State("◌", "not checked", "queued", "."),
    "paused": State("◔", "throttled", "partial", "?"),
    "foreign": State("⊘", "not set up", "ended", "-"),
}
"""``foreign``: this machine's configuration does not name the tenant; another one may."""

_BY_OUTCOME = {"succeeded": "ok", "partially_succeeded": "gaps", "failed": "failed"}


def health_of(view: TenantView, now: str) -> State:
    """Return how a tenant is: what matters most right now, else what its last check found."""
    if is_paused(view, now):
        return HEALTH_STATES["paused"]
    if view.last_check is not None:
        return HEALTH_STATES[_BY_OUTCOME.get(str(view.last_check["outcome"]), "unchecked")]
    return HEALTH_STATES["unchecked" if view.is_configured else "foreign"]


def is_paused(view: TenantView, now: str) -> bool:
    """Tell whether Graph asked to wait, and that is not over yet."""
    return closed_until(view, now) is not None


def closed_until(view: TenantView, now: str) -> str | None:
    """Return until when nobody may call Graph for the tenant, as the store and its engines know it."""
    times = [view.paused_until, *(engine.budget.closed_until for engine in view.engines if engine.budget)]
    return max((time for time in times if time and time > now), default=None)
