"""Engine: what it costs to wait, and how soon it takes what is ordered."""

from __future__ import annotations

import pytest

from .processes import script, show

pytestmark = pytest.mark.bench


def test_an_idle_engine_costs_next_to_nothing_and_starts_what_is_ordered_at_once() -> None:
    figures = script("idle.py")
    show("engine", {"idle 10 s": figures})
    assert figures["idle_percent"] <= 1.0
    assert figures["start_p50_ms"] <= 1000
