"""What the way to Graph reports of itself to the log of the run it works for: waits, repeated calls, other ways of asking."""

from __future__ import annotations

from typing import Any, Protocol

from opsconsole.domain.failure import Reason
from opsconsole.domain.run_event import EventKind
from opsconsole.graph.budget import IDENTITY, costs_of
from opsconsole.graph.client import GraphAnswer, GraphFault, GraphRequest
from opsconsole.graph.policy_type import Area

AREA_WORDS: dict[str, str] = {
    Area.CONFIGURATION.value: "device configuration",
    Area.SETTINGS.value: "settings catalog",
    Area.APPS.value: "apps",
    Area.MANAGED_APPS.value: "managed apps",
    Area.ENROLMENT.value: "enrolment",
    Area.DEVICES.value: "devices and scripts",
    Area.UPDATES.value: "updates",
    Area.INTENTS.value: "endpoint security",
    IDENTITY: "groups",
}
"""What the parts of Graph with budgets of their own are called in a log."""

FAULT_WORDS: dict[Reason, str] = {
    Reason.TIMEOUT: "did not answer in time",
    Reason.NETWORK_UNREACHABLE: "could not be reached",
    Reason.MALFORMED_RESPONSE: "sent a damaged answer",
}
"""How a call ended that got no answer."""


class OnNote(Protocol):
    """Takes what is reported; ``text`` holds words and figures of the product's own, nothing that Graph sent."""

    def __call__(self, kind: EventKind, text: str, *, times: int = 1, **data: Any) -> None:
        """Take one report."""
        ...


def area_of(request: GraphRequest) -> str:
    """Return which part of Graph a call goes to, in words; a batch goes to the one that most of it is for."""
    (area, _), *others = costs_of(request).most_common()
    return f"{AREA_WORDS[area]} and others" if others else AREA_WORDS[area]


def words_of(outcome: GraphAnswer | GraphFault) -> str:
    """Return what came back instead of an answer that can be used."""
    if isinstance(outcome, GraphFault):
        return FAULT_WORDS.get(outcome.reason, "did not answer")
    return f"answered {outcome.status}"
