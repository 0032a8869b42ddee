"""The service: takes a request through log, sign-in, permissions, faults, budgets and approval to its handler."""

import asyncio
import random
from collections.abc import Callable, Iterable
from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import quote, urlsplit
from uuid import UUID

from . import groups, reads, writes
from .approvals import Approvals, list_approvals, read_approval
from .batch import answer_batch
from .call import Call
from .errors import GraphError, missing_scope, segment_not_found
from .fault_book import FaultBook, Fired
from .faults import Empty, FaultRule, Html, Malformed, Reset, Status, Truncate
from .journal import Journal, Line
from .messages import Answer, GraphRequest
from .policy_types import PERMISSIONS
from .query import parse_query
from .routes import WRITES, Operation, Route, resolve
from .tenant import Tenant
from .throttle import Throttle

Handler = Callable[[Call], Answer]

HANDLERS: dict[Operation, Handler] = {
    "list": reads.list_policies,
    "read": reads.read_policy,
    "assignments": reads.read_assignments,
    "assignment": reads.read_assignment,
    "assign": writes.assign,
    "update": writes.update_policy_set,
    "append": writes.append,
    "remove": writes.remove,
    "get_by_ids": groups.get_by_ids,
    "groups": groups.list_groups,
    "group": groups.read_group,
    "filters": groups.list_filters,
    "filter": groups.read_filter,
    "organization": groups.read_organization,
}

CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Forbidden",
    404: "ResourceNotFound",
    409: "Conflict",
    412: "ConditionNotMet",
    413: "RequestEntityTooLarge",
    423: "Locked",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "UnknownError",
}
"""The code that goes with a status where a fault rule names none."""

IIS_PAGE = (
    b'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
    b"<HTML><HEAD><TITLE>Service Unavailable</TITLE>\r\n"
    b'<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r\n'
    b"<BODY><h2>Service Unavailable</h2>\r\n<hr><p>HTTP Error 503. The service is unavailable.</p>\r\n</BODY></HTML>\r\n"
)


class Service:
    """Answers requests from one tenant; knows nothing of sockets."""

    def __init__(
        self,
        tenant: Tenant,
        *,
        token: str = "simulator",  # noqa: S107 - no secret: it opens a simulator on loopback
        page_size: int = 100,
        latency_ms: int = 0,
        throttle: bool = False,
        faults: Iterable[FaultRule] = (),
        seed: int = 0,
    ) -> None:
        self.tenant = tenant
        self.token = token
        self.page_size = page_size
        self.latency_ms = latency_ms
        self.faults = FaultBook(faults, seed=seed)
        self.approvals = Approvals()
        self.journal = Journal(tenant.clock)
        self.throttle = Throttle(tenant.clock) if throttle else None
        self._rng = random.Random(seed)  # noqa: S311 - chance to be repeated, not secrecy

    async def answer(self, request: GraphRequest) -> Answer:
        """The answer to one request from outside; what a batch holds inside is answered in the same time as one."""
        if self.latency_ms:
            await asyncio.sleep(self.latency_ms / 1000)
        return await self._respond(request)

    async def _respond(self, request: GraphRequest) -> Answer:
        """One line in the log, one answer, spoiled where a fault says so."""
        route = resolve(request)
        line = self.journal.open(request, route)
        activity = self.new_id()
        fired = Fired()
        try:
            self._sign_in(request)
            fired = self.faults.fire(request, route)
            line.fault = fired.rule
            if fired.delay_ms:
                await asyncio.sleep(fired.delay_ms / 1000)
            answer = await self._met(request, route, fired, line)
        except GraphError as error:
            answer = self._refusal(error, request, str(activity))
        answer = _spoiled(answer, fired)
        answer.headers.setdefault("request-id", str(activity))
        answer.headers.setdefault("client-request-id", request.headers.get("client-request-id", str(activity)))
        self.journal.close(line, answer)
        return answer

    async def _met(self, request: GraphRequest, route: Route, fired: Fired, line: Line) -> Answer:
        """The answer that the fault gives in place of the service's own, else the service's own."""
        action = fired.action
        if isinstance(action, Reset) and action.when == "before":
            return Answer(0, wire="dropped")
        if not isinstance(action, Status | Html | Empty | Malformed):
            return await self._handled(request, route, fired, line)
        if action.apply:
            await self._handled(request, route, fired, line)
        match action:
            case Status():
                raise self._status_error(action)
            case Html():
                return Answer(action.status, IIS_PAGE, content_type="text/html; charset=us-ascii")
            case Empty():
                return Answer(action.status)
            case Malformed():
                return Answer(200, b'{"@odata.context":"https://graph.microsoft.com/beta/$metadata#","value":[{"id":"')

    async def _handled(self, request: GraphRequest, route: Route, fired: Fired, line: Line) -> Answer:
        """The service's own answer."""
        if route.operation == "batch":
            return await answer_batch(request, route.version, self._respond, self._rng)
        self._check_address(route)
        if self.throttle is not None:
            self.throttle.admit(request, route)
        self._check_permission(request, route)
        query = parse_query(request.target)
        call = Call(self.tenant, self.faults, request, route, query, self.page_size, fired.action)
        if route.operation == "approvals":
            return list_approvals(call, self.approvals)
        if route.operation == "approval":
            return read_approval(call, self.approvals)
        if route.operation in WRITES and route.scope in self.tenant.protected_types:
            reads.found_policy(call)
            self.approvals.admit(call, self.new_id())
        answer = HANDLERS[route.operation](call)
        line.applied = route.operation in WRITES
        return answer

    def _sign_in(self, request: GraphRequest) -> None:
        """Refuses a request without the token; inner ones of a batch rely on the outer."""
        if request.in_batch or request.headers.get("authorization") == f"Bearer {self.token}":
            return
        raise GraphError(
            401, "InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217", shape="plain"
        )

    def _check_address(self, route: Route) -> None:
        """Refuses what does not exist in this version, tenant or cloud."""
        if route.operation == "unknown":
            raise segment_not_found(route.segment)
        if route.type is not None and route.type.key in self.tenant.unavailable_types:
            raise segment_not_found(route.type.collection)

    def _check_permission(self, request: GraphRequest, route: Route) -> None:
        """Refuses what the application was not given; Entra says so in other words than Intune."""
        write = route.operation in WRITES
        if route.scope not in self.tenant.denied_types and not (write and route.scope in self.tenant.denied_writes):
            return
        if route.scope == "groups":
            raise GraphError(
                403,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation.",
                shape="plain",
            )
        raise missing_scope(PERMISSIONS[route.type.letter if route.type else "C"], write=write)

    def _status_error(self, action: Status) -> GraphError:
        """The refusal that a rule describes."""
        headers: dict[str, str] = {}
        if action.retry_after is not None:
            if action.as_date:
                until = self.tenant.clock.now() + timedelta(seconds=action.retry_after)
                headers["Retry-After"] = format_datetime(until, usegmt=True)
            else:
                headers["Retry-After"] = f"{action.retry_after:g}"
        code = action.code or CODES.get(action.status, "UnknownError")
        return GraphError(action.status, code, action.message, shape=action.shape, headers=headers)

    def _refusal(self, error: GraphError, request: GraphRequest, activity: str) -> Answer:
        """The answer that a refusal becomes, internal address and all."""
        parts = urlsplit(request.target)
        path = quote(parts.path.strip("/").partition("/")[2].replace("%27", "'"), safe="/%$")
        url = (
            f"https://fef.amsub0302.manage.microsoft.com/StatelessSimulatorFEService/{self.tenant.account_id}/{path}"
            f"?api-version=5025-05-19{'&' + parts.query if parts.query else ''}"
        )
        client = request.headers.get("client-request-id", activity)
        body = error.body(url=url, activity=activity, client=client, now=self.tenant.clock.now())
        return Answer(error.status, body, dict(error.headers))

    def new_id(self) -> UUID:
        """An id from the seeded source."""
        return UUID(int=self._rng.getrandbits(128), version=4)


def _spoiled(answer: Answer, fired: Fired) -> Answer:
    """The answer as the wire lets it through."""
    if isinstance(fired.action, Truncate):
        answer.wire = "cut"
    elif isinstance(fired.action, Reset):
        answer.wire = "dropped"
    return answer
