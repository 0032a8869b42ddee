"""The fault rules in force: counts how often each fired, and says what one request meets."""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

from .faults import ONLY_ON, Action, DelayMs, FaultRule
from .messages import GraphRequest
from .policy import Assignment, Policy
from .routes import Route


@dataclass(slots=True)
class _Page:
    """One rule with its running counts."""

    number: int
    rule: FaultRule
    passed: int = 0
    fired: int = 0


@dataclass(frozen=True, slots=True)
class Fired:
    """What one request meets: an action or none, a delay, and the name of the rule for the log."""

    action: Action | None = None
    delay_ms: int = 0
    rule: str = ""


class FaultBook:
    """Rules in order, with seeded chance; also remembers old states that reads are to be shown a while longer."""

    def __init__(self, rules: Iterable[FaultRule] = (), *, seed: int = 0) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - chance to be repeated, not secrecy
        self._pages: list[_Page] = []
        self._stale: dict[tuple[str, str], tuple[int, list[Assignment]]] = {}
        self.add(rules)

    def add(self, rules: Iterable[FaultRule]) -> None:
        """Appends rules after those in force."""
        for rule in rules:
            self._pages.append(_Page(len(self._pages) + 1, rule))

    def clear(self) -> None:
        """Ends all faults, old states shown to reads included."""
        self._pages.clear()
        self._stale.clear()

    def fire(self, request: GraphRequest, route: Route) -> Fired:
        """What this request meets; counts it."""
        delay_ms = 0
        names: list[str] = []
        action: Action | None = None
        for page in self._pages:
            if not self._meets(page, request, route):
                continue
            page.fired += 1
            names.append(page.rule.name or f"rule {page.number}")
            if isinstance(page.rule.action, DelayMs):
                delay_ms += page.rule.action.ms
            else:
                action = page.rule.action
                break
        return Fired(action, delay_ms, ", ".join(names))

    def _meets(self, page: _Page, request: GraphRequest, route: Route) -> bool:
        """Whether the rule fires now; a match that must pass is counted as passed."""
        rule, match = page.rule, page.rule.match
        if rule.limit is not None and page.fired >= rule.limit:
            return False
        operations = ONLY_ON.get(type(rule.action))
        holds = (
            (operations is None or route.operation in operations)
            and (match.method is None or match.method.upper() == request.method)
            and (match.type is None or match.type == route.scope)
            and (match.policy_id is None or match.policy_id.lower() == route.object_id.lower())
            and (match.operation is None or match.operation == route.operation)
            and (match.batch_inner is None or match.batch_inner == request.in_batch)
            and (match.path_regex is None or re.search(match.path_regex, unquote(request.target)) is not None)
        )
        if not holds:
            return False
        if page.passed < rule.skip:
            page.passed += 1
            return False
        return rule.probability is None or self._rng.random() < rule.probability

    def keep_stale(self, policy: Policy, old: list[Assignment], reads: int) -> None:
        """Lets the next `reads` reads of this policy see its old assignments."""
        self._stale[(policy.type.key, policy.id)] = (reads, old)

    def seen(self, policy: Policy) -> list[Assignment]:
        """The assignments that a read of this one policy shows; uses up one stale read where there are any."""
        key = (policy.type.key, policy.id)
        if key not in self._stale:
            return policy.assignments
        reads, old = self._stale.pop(key)
        if reads > 1:
            self._stale[key] = (reads - 1, old)
        return old

    def state(self) -> list[dict[str, Any]]:
        """Each rule with how often it fired."""
        return [{"rule": msgspec.to_builtins(page.rule), "fired": page.fired} for page in self._pages]
