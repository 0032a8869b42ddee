"""Any answer of Graph, or the lack of one, as a Failure: why, in one closed word, and a clean sentence (graph.md 3)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from opsconsole.domain.failure import REASONS, Failure, FailureCode, GraphTrace, Reason, Subject
from opsconsole.graph.client import GraphAnswer, GraphFault
from opsconsole.graph.sanitise import sanitise

NO_SUBJECT = Subject()

MAX_DEPTH = 3
"""Graph nests JSON in strings this deep: error, message, the service's own answer."""

_OPERATION_ID = re.compile(r"\s*-?\s*Operation ID \(for customer support\).*", re.S)
_ACTIVITY_ID = re.compile(r"Activity ID:\s*([0-9a-fA-F\-]{8,36})")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CODE = re.compile(r"[A-Za-z0-9_. \-]{1,60}")
_SAYS_NOTHING = frozenset(
    {"", "an error has occurred", "an error has occurred.", "an internal server error has occurred", "unknownerror"}
)
_APPROVAL_NEEDED = (
    "x-msft-approval-justification",
    "x-msft-approval-code",
    "approval required",
    "approval request",
)
_NO_SUCH_PATH = ("resource not found for the segment", "no odata route exists", "no method match route template")
_NO_LICENCE = (
    "feature disabled",
    "featuredisabled",
    "not licensed",
    "license",
    "licence",
    "not enabled for this tenant",
)


@dataclass(frozen=True, slots=True)
class GraphError:
    """What Graph's error body says, unwrapped: nothing of it is clean yet."""

    code: str = ""
    inner_code: str = ""
    message: str = ""
    phrase: str = ""
    request_id: str = ""
    client_request_id: str = ""

    @property
    def codes(self) -> frozenset[str]:
        """Return the codes of all levels, lower-case."""
        return frozenset(code.lower() for code in (self.code, self.inner_code) if code)


def parse_error(body: bytes) -> GraphError:
    """Unwrap an error body of any shape; what is no JSON is taken as a message, a page of HTML as nothing."""
    text = body.decode(errors="replace").strip()
    outer = _json(text)
    if not isinstance(outer, dict):
        if text.startswith("<") or outer is not None:
            return GraphError()
        return _torn(text)
    error = outer.get("error", outer)
    if isinstance(error, str):  # the token service's form
        return GraphError(code=error, message=_text(outer.get("error_description")))
    if not isinstance(error, dict):
        return GraphError()
    message, inner_code, phrase = _unwrap(_text(error.get("message")))
    inner = _value(error, "innerError", "innererror")
    inner = inner if isinstance(inner, dict) else {}
    return GraphError(
        code=_text(error.get("code")),
        inner_code=inner_code or _text(inner.get("code")),
        message=message or _text(inner.get("message")),
        phrase=phrase,
        request_id=_text(inner.get("request-id")),
        client_request_id=_text(inner.get("client-request-id")),
    )


def classify(outcome: GraphAnswer | GraphFault, code: FailureCode, subject: Subject = NO_SUBJECT) -> Failure:
    """Return the failure that an answer, or the lack of one, means for ``subject``; its text is clean."""
    if isinstance(outcome, GraphFault):
        return Failure(code, outcome.reason, sanitise(outcome.message), subject)
    error = parse_error(outcome.body)
    reason = _reason(outcome, error)
    message = sanitise(_OPERATION_ID.sub("", error.message))
    if message.lower() in _SAYS_NOTHING or outcome.is_success:
        message = REASONS[reason].explanation
    return Failure(code, reason, message, subject, _trace(outcome, error))


def _reason(answer: GraphAnswer, error: GraphError) -> Reason:
    status, codes = answer.status, error.codes
    said = f"{error.message} {error.phrase} {error.code}".lower()
    if (
        any(word in said for word in _APPROVAL_NEEDED)
        or "approvalrequired" in codes
        or "x-msft-approval-code" in answer.headers
    ):
        return Reason.APPROVAL_REQUIRED
    if status == 400:
        if any(word in said for word in _NO_SUCH_PATH):
            return Reason.UNSUPPORTED_POLICY_TYPE
        return (
            Reason.LICENSE_REQUIRED
            if "feature disabled" in said or "featuredisabled" in said
            else Reason.INVALID_REQUEST
        )
    if status == 401:
        is_refusal = "forbidden" in codes or "unknownerror" in codes
        if not is_refusal:
            return Reason.AUTHENTICATION_FAILED
        return Reason.LICENSE_REQUIRED if any(word in said for word in _NO_LICENCE) else Reason.PERMISSION_DENIED
    if status == 403:
        if "insufficient_claims" in codes or "insufficientclaims" in codes:
            return Reason.AUTHENTICATION_FAILED
        return Reason.LICENSE_REQUIRED if any(word in said for word in _NO_LICENCE) else Reason.PERMISSION_DENIED
    if status == 404 and "request_resourcenotfound" in codes:  # the directory's own code
        return Reason.GROUP_NOT_FOUND
    return _BY_STATUS.get(status) or _by_class(status)


_BY_STATUS = {
    402: Reason.LICENSE_REQUIRED,
    404: Reason.POLICY_NOT_FOUND,
    408: Reason.TIMEOUT,
    409: Reason.CONFLICT,
    410: Reason.POLICY_NOT_FOUND,
    412: Reason.CONFLICT,
    423: Reason.CONFLICT,
    429: Reason.THROTTLED,
    504: Reason.TIMEOUT,
}


def _by_class(status: int) -> Reason:
    if status >= 500:
        return Reason.SERVICE_UNAVAILABLE
    return Reason.INVALID_REQUEST if status >= 400 else Reason.MALFORMED_RESPONSE


def _trace(answer: GraphAnswer, error: GraphError) -> GraphTrace:
    activity = _ACTIVITY_ID.search(error.message)
    request_id = error.request_id or answer.headers.get("request-id", "") or (activity[1] if activity else "")
    client_request_id = error.client_request_id or answer.headers.get("client-request-id", "")
    code = error.code if _CODE.fullmatch(error.code) else ""
    return GraphTrace(answer.status, sanitise(code, 60), _guid(request_id), _guid(client_request_id))


def _guid(text: str) -> str:
    """Return an id only where it has the form of one: these fields are not cleaned."""
    return text if _GUID.fullmatch(text) else ""


def _unwrap(message: str) -> tuple[str, str, str]:
    """Return the innermost message, the innermost code and the service's own phrase."""
    code = phrase = ""
    for _ in range(MAX_DEPTH):
        inner = _json(message)
        if not isinstance(inner, dict):
            if message.lstrip().startswith("{"):
                return _torn(message).message, code, phrase
            return message, code, phrase
        code = _text(_value(inner, "ErrorCode", "code")) or code
        phrase = _text(_value(inner, "CustomApiErrorPhrase", "customApiErrorPhrase")) or phrase
        message = _text(_value(inner, "Message", "message"))
    return ("" if message.lstrip().startswith("{") else message), code, phrase


_MESSAGE = re.compile(r'\\*"[Mm]essage\\*"\s*:\s*\\*"((?!\s*\{)(?:[^"\\]|\\(?!"))*)')


def _torn(text: str) -> GraphError:
    """Take what can be had from JSON that was cut off; a text that never was JSON is its own message."""
    if not text.startswith("{"):
        return GraphError(message=text)
    found = list(_MESSAGE.finditer(text))
    if not found:
        return GraphError()
    last = found[-1]
    # Where the text was cut off, its last word may be half a name that no rule knows.
    return GraphError(message=last[1] if last.end() < len(text) else last[1].rpartition(" ")[0])


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _value(mapping: dict[str, Any], *names: str) -> Any:
    return next((mapping[name] for name in names if name in mapping), None)
