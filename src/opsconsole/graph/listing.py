"""The one list pass over a policy type: pages followed, assignments kept where they came along, nothing lost unseen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from opsconsole.domain.backup import TypeStatus
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.run_event import EventKind
from opsconsole.graph.client import MAX_TRIES, GraphAnswer, GraphFault, GraphRequest
from opsconsole.graph.entries import Entry
from opsconsole.graph.errors import classify, parse_error
from opsconsole.graph.jsontext import NoJson
from opsconsole.graph.pages import RefusedAnswer, follow
from opsconsole.graph.policy_types import POLICY_TYPES, PolicyType
from opsconsole.graph.throttle import ThrottledClient

SMALL_PAGE = 25
"""What a list with assignments is asked for after it took Graph too long in pages of its own size."""

EXPAND_TRIES = 2
"""A list with assignments that times out twice is asked for in another way rather than again."""

_WHOLE, _SMALL, _PLAIN = "expand", "expand_small", "plain"


@dataclass(frozen=True, slots=True)
class ListedPolicy:
    """One policy as the list sent it. ``assignments`` None: they did not come, or not all of them; that is not *none*.

    ``skip_reason`` says why it cannot be assigned although its type can.
    """

    policy_type: str
    policy_id: str
    policy_name: str
    policy: str
    assignments: str | None
    skip_reason: str = ""


@dataclass(frozen=True, slots=True)
class ListResult:
    """How far the list came; ``failure`` says why not to the end."""

    status: TypeStatus
    failure: Failure | None


OnPage = Callable[[list[ListedPolicy]], Awaitable[None]]


async def list_policies(
    client: ThrottledClient,
    policy_type: str,
    *,
    on_page: OnPage,
    code: FailureCode = FailureCode.CAPTURE_FAILED,
) -> ListResult:
    """List every policy of a type, page by page to ``on_page``.

    With ``$expand=assignments`` where Graph takes it; after a 400, 500 or timeout in smaller pages, then without. What worked
    is remembered for the tenant.

    A policy may come twice: Graph repeats pages now and then, and another way of asking begins at the first page. Whoever
    keeps them knows them by their id and keeps the first; the ids of a whole tenant are not held here as well.
    """
    row = POLICY_TYPES[policy_type]
    walk = _Walk(client, row, on_page, code)
    modes = [_WHOLE, _SMALL, _PLAIN] if row.expands else [_PLAIN]
    if (known := client.list_modes.get(policy_type)) in modes:
        modes = modes[modes.index(known) :]
    while True:
        mode = modes.pop(0)
        problem = await walk.go(mode)
        if problem is None:
            client.list_modes[policy_type] = mode
            return walk.result(None)
        if not modes or not _is_expand_trouble(problem):
            return walk.result(problem)
        if isinstance(problem, GraphAnswer) and problem.status == 400:
            modes = [_PLAIN]
        client.note(_STEP_DOWNS[modes[0]], f"{row.label}: {_STEP_WORDS[modes[0]]}")


_STEP_DOWNS = {_SMALL: EventKind.SMALLER_PAGES, _PLAIN: EventKind.FALLBACK}

_STEP_WORDS = {
    _SMALL: f"the list with assignments failed; it is asked for in pages of {SMALL_PAGE}.",
    _PLAIN: "Graph does not list it with assignments; they are read in batches.",
}
"""What the run's log says where another way of asking is tried."""


def _is_expand_trouble(problem: GraphAnswer | GraphFault) -> bool:
    """Tell whether another way of asking may help: a refused, failed or timed out expansion."""
    if isinstance(problem, GraphFault):
        return problem.reason is Reason.TIMEOUT
    if problem.status == 503:
        return "cancelledonservicetimeout" in parse_error(problem.body).codes
    return problem.status in (400, 500, 504)


class _Walk:
    """One list pass, over as many ways of asking as it takes."""

    def __init__(self, client: ThrottledClient, row: PolicyType, on_page: OnPage, code: FailureCode) -> None:
        self._client = client
        self._row = row
        self._on_page = on_page
        self._code = code
        self._has_listed = False
        self._nameless = 0

    async def go(self, mode: str) -> GraphAnswer | GraphFault | None:
        """List to the end in one way; return what stopped it, or None."""
        path = self._row.path
        if mode != _PLAIN:
            path += "?$expand=assignments" + (f"&$top={SMALL_PAGE}" if mode == _SMALL else "")
        self._nameless = 0
        timeout_tries = MAX_TRIES if mode == _PLAIN else EXPAND_TRIES
        try:
            async for page in follow(self._client, GraphRequest("GET", path, timeout_tries=timeout_tries)):
                policies = [policy for raw in page.entries if (policy := self._policy(raw)) is not None]
                if policies:
                    self._has_listed = True
                    await self._on_page(policies)
        except RefusedAnswer as refused:
            return refused.answer
        except GraphFault as fault:
            return fault
        return None

    def _policy(self, raw: bytes) -> ListedPolicy | None:
        try:
            entry = Entry(raw, self._row)
        except NoJson:
            self._nameless += 1
            return None
        if not entry.id:
            self._nameless += 1
            return None
        return ListedPolicy(self._row.key, entry.id, entry.name, entry.text, entry.assignments, entry.skip_reason)

    def result(self, problem: GraphAnswer | GraphFault | None) -> ListResult:
        """Return how far the list came."""
        subject = Subject(policy_type=self._row.key)
        if problem is not None:
            failure = classify(problem, self._code, subject)
            is_missing_feature = failure.trace.http_status == 400 and failure.reason in (
                Reason.UNSUPPORTED_POLICY_TYPE,
                Reason.LICENSE_REQUIRED,
            )
            if is_missing_feature and not self._has_listed:
                return ListResult(TypeStatus.NOT_AVAILABLE, failure)
            return ListResult(TypeStatus.PARTIAL if self._has_listed else TypeStatus.FAILED, failure)
        if self._nameless:
            word = "policy" if self._nameless == 1 else "policies"
            failure = Failure(
                self._code, Reason.MALFORMED_RESPONSE, f"Graph listed {self._nameless} {word} without an id.", subject
            )
            return ListResult(TypeStatus.PARTIAL, failure)
        return ListResult(TypeStatus.LISTED, None)
