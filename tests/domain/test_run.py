"""Runs: the rule of the outcome, counters that add up, and identities that tell two orders apart."""

from __future__ import annotations

import itertools

import pytest

from opsconsole.domain.run import (
    LEGAL_MOVES,
    Counters,
    GraphUse,
    Outcome,
    RunType,
    Status,
    empty_context,
    settle_outcome,
)
from opsconsole.domain.run_identity import identity_hash

OUTCOMES = [
    # (what happened, counters, failure records, cancelled, outcome)
    ("an empty tenant", Counters(), 0, False, Outcome.SUCCEEDED),
    ("all unchanged", Counters(total=3, unchanged=3), 0, False, Outcome.SUCCEEDED),
    ("all done", Counters(total=3, processed=3), 0, False, Outcome.SUCCEEDED),
    ("built-in ones skipped", Counters(total=3, processed=2, skipped=1), 0, False, Outcome.SUCCEEDED),
    ("some failed", Counters(total=3, processed=2, failed=1), 1, False, Outcome.PARTIALLY_SUCCEEDED),
    (
        "some failed, the rest unchanged",
        Counters(total=2, unchanged=1, failed=1),
        1,
        False,
        Outcome.PARTIALLY_SUCCEEDED,
    ),
    ("some failed, the rest awaiting", Counters(total=2, awaiting=1, failed=1), 1, False, Outcome.PARTIALLY_SUCCEEDED),
    ("a type not listed, others are", Counters(total=3, processed=3), 1, False, Outcome.PARTIALLY_SUCCEEDED),
    ("a type not listed, the tenant empty", Counters(), 1, False, Outcome.FAILED),
    ("all failed", Counters(total=2, failed=2), 2, False, Outcome.FAILED),
    ("failed and skipped only", Counters(total=2, failed=1, skipped=1), 1, False, Outcome.FAILED),
    ("all awaiting", Counters(total=2, awaiting=2), 0, False, Outcome.PARTIALLY_SUCCEEDED),
    ("cancelled before anything", Counters(total=3, skipped=3), 0, True, Outcome.CANCELLED),
    ("cancelled after failures", Counters(total=3, failed=3), 3, True, Outcome.CANCELLED),
]


@pytest.mark.parametrize(
    ("counters", "failures", "is_cancelled", "outcome"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES]
)
def test_an_outcome_follows_the_rule(counters: Counters, failures: int, is_cancelled: bool, outcome: Outcome) -> None:
    assert settle_outcome(counters, failure_count=failures, is_cancelled=is_cancelled) is outcome


def test_every_outcome_obeys_the_words_of_the_rule_for_all_small_counters() -> None:
    for processed, failed, unchanged, awaiting, extra in itertools.product(range(3), repeat=5):
        counters = Counters(processed=processed, failed=failed, unchanged=unchanged, awaiting=awaiting)
        failures = failed + extra
        outcome = settle_outcome(counters, failure_count=failures)
        assert (outcome is Outcome.SUCCEEDED) == (failures == 0 and awaiting == 0)
        assert (outcome is Outcome.FAILED) == (failures > 0 and processed + unchanged + awaiting == 0)
        assert outcome in (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.PARTIALLY_SUCCEEDED)


@pytest.mark.parametrize("name", ["processed", "failed", "skipped", "unchanged", "awaiting"])
def test_each_counter_counts_towards_the_total(name: str) -> None:
    counters = Counters(total=1)
    assert not counters.adds_up
    assert counters.plus(**{name: 1}).adds_up
    assert not counters.plus(**{name: 2}).adds_up


def test_counters_and_graph_use_survive_the_store() -> None:
    counters = Counters(9, 1, 2, 3, 1, 2)
    assert Counters.from_json(counters.to_json()) == counters
    use = GraphUse(1, 2, 3, 4, 5)
    assert GraphUse.from_json(use.to_json()) == use
    assert use.plus(use) == GraphUse(2, 4, 6, 8, 10)
    assert Counters.from_json({}) == Counters()


def test_a_context_has_every_key_from_the_first_moment() -> None:
    context = empty_context({"set": "s"}, 3)
    assert set(context) == {"inputs", "progress", "counters", "graph"}
    assert context["progress"] == {"done": 0, "total": 3}
    assert set(context["counters"]) == {"total", "processed", "failed", "skipped", "unchanged", "awaiting"}
    assert set(context["graph"]) == {"requests", "subrequests", "throttled", "waited_ms", "retried", "paced_ms"}


def test_a_status_moves_only_forward() -> None:
    order = [Status.QUEUED, Status.RUNNING, Status.COMPLETED]
    for before, afters in LEGAL_MOVES.items():
        assert all(order.index(after) > order.index(before) for after in afters)
    assert set(LEGAL_MOVES) == set(Status)


def test_every_part_of_an_identity_tells_runs_apart() -> None:
    base = ("w", "t", RunType.CAPTURE, ["a", "b"])
    others = [
        ("x", "t", RunType.CAPTURE, ["a", "b"]),
        ("w", "u", RunType.CAPTURE, ["a", "b"]),
        ("w", None, RunType.CAPTURE, ["a", "b"]),
        ("w", "t", RunType.FETCH, ["a", "b"]),
        ("w", "t", RunType.CAPTURE, ["a"]),
        ("w", "t", RunType.CAPTURE, None),
        ("w", "t", RunType.CAPTURE, "ab"),
    ]
    assert len({identity_hash(*one) for one in [base, *others]}) == len(others) + 1
    assert identity_hash(*base) == identity_hash(*base)


def test_the_order_of_keys_is_no_part_of_an_identity() -> None:
    one = identity_hash("w", "t", RunType.FETCH, {"a": 1, "b": 2})
    assert one == identity_hash("w", "t", RunType.FETCH, {"b": 2, "a": 1})
