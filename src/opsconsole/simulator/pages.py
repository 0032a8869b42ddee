"""Pages: the answer to a list, with its link to the next one, and the links that lie when a fault asks for it."""

from collections.abc import Callable
from typing import TypeVar

from .call import Call
from .faults import DuplicatePage, ForeignNextLink, LoopingNextLink
from .jsontext import quoted
from .messages import Answer
from .policy import METADATA
from .query import MAX_TOP, next_link
from .shelf import Identified, Shelf

T = TypeVar("T", bound=Identified)


def page_of(call: Call, shelf: Shelf[T], render: Callable[[T], bytes], *, context: str) -> Answer:
    """One page of a shelf, rendered; `context` is the part of `@odata.context` after the metadata address."""
    size = min(call.query.top or call.page_size, MAX_TOP)
    items, following = shelf.page(call.query.start, size)
    entries = [render(item) for item in items]
    head = [f'"@odata.context":{quoted(METADATA + context)}']
    if call.query.count:
        head.append(f'"@odata.count":{len(shelf)}')
    link = _link(call, following)
    if link is not None:
        head.append(f'"@odata.nextLink":{quoted(link)}')
    return Answer(200, b"".join((b"{", ",".join(head).encode(), b',"value":[', b",".join(entries), b"]}")))


def _link(call: Call, following: int | None) -> str | None:
    """The link to the next page: true, or false in the way a fault asks for."""
    request, query = call.request, call.query
    match call.action:
        case DuplicatePage():
            return next_link(request.base_url, request.target, query, query.start, nonce="again")
        case LoopingNextLink():
            return f"{request.base_url}{request.target}"
        case ForeignNextLink(host=host):
            return next_link(host, request.target, query, following or query.start)
    return None if following is None else next_link(request.base_url, request.target, query, following)
