"""Lists in pages: the exact bytes of their entries, and next links that are followed only where that is safe."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from opsconsole.domain.failure import Reason
from opsconsole.graph.client import VERSION, GraphAnswer, GraphFault, GraphRequest
from opsconsole.graph.jsontext import NoJson, array_parts, object_parts, value_of

DAMAGED_TRIES = 3
"""An answer that was cut off on its way comes whole the next time; one that is wrong stays wrong."""

MAX_PAGES = 10_000
"""A list of more pages than this is a loop that changes its links."""


class Sender(Protocol):
    """What reading needs of a client: its root, and to send one request."""

    @property
    def root(self) -> str:
        """Scheme, host and port of the tenant's Graph."""
        ...

    async def send(self, request: GraphRequest) -> GraphAnswer:
        """Return Graph's answer, after all waiting and retrying. Raises GraphFault."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the array as it stands in the answer, its entries as they stand in the array, and where it goes on."""

    array: bytes
    entries: tuple[bytes, ...]
    next_link: str | None

    @property
    def text(self) -> str:
        """Return the array as text."""
        return self.array.decode()


class RefusedAnswer(Exception):
    """A page was answered with an error; ``answer`` is what came."""

    def __init__(self, answer: GraphAnswer) -> None:
        super().__init__(f"status {answer.status}")
        self.answer = answer


def parse_page(body: bytes) -> Page:
    """Cut a page out of an answer. Raises GraphFault(malformed_response) for anything that is no page in UTF-8."""
    try:
        parts = object_parts(body)
        array = parts["value"]
        entries = tuple(array_parts(array, is_checked=True))
        link = value_of(parts.get("@odata.nextLink"))
        if link is not None and not isinstance(link, str):
            raise NoJson
    except (NoJson, KeyError):
        raise GraphFault(
            Reason.MALFORMED_RESPONSE, "Graph's answer was cut off, or is not the list that was asked for."
        ) from None
    return Page(array, entries, link or None)


def is_own_link(root: str, link: str) -> bool:
    """Tell whether ``link`` stays with the scheme, host, port and version of ``root``: elsewhere the token must not go."""
    if not link.isprintable() or " " in link or "\\" in link:
        return False
    try:
        own, other = urlsplit(root), urlsplit(link)
        same_place = (own.scheme, own.hostname, _port(own.scheme, own.port)) == (
            other.scheme,
            other.hostname,
            _port(other.scheme, other.port),
        )
    except ValueError:
        return False
    has_version = other.path.lower().startswith(f"/{VERSION}/") and "/../" not in other.path
    return same_place and has_version and other.username is None and other.password is None


def _port(scheme: str, port: int | None) -> int | None:
    return port or {"https": 443, "http": 80}.get(scheme)


async def _read_page(client: Sender, request: GraphRequest, answer: GraphAnswer | None) -> Page:
    """Ask for one page unless ``answer`` is it; a damaged one is asked for again."""
    for tries_left in reversed(range(DAMAGED_TRIES)):
        answer = answer or await client.send(request)
        if not answer.is_success:
            raise RefusedAnswer(answer)
        try:
            return parse_page(answer.body)
        except GraphFault:
            if not tries_left:
                raise
            answer = None
    raise AssertionError("the last try returns or raises")


async def follow(client: Sender, request: GraphRequest, *, first: GraphAnswer | None = None) -> AsyncIterator[Page]:
    """Yield the pages of a list, from ``request`` on; ``first`` is its answer where that has come already, in a batch.

    Raises RefusedAnswer for an answer that is no success, GraphFault for none, for one that is no page, and for a next
    link that leads elsewhere or to a page that was read already.
    """
    seen = {request.path}
    for _ in range(MAX_PAGES):
        page = await _read_page(client, request, first)
        first = None
        yield page
        if page.next_link is None:
            return
        if page.next_link in seen:
            raise GraphFault(Reason.MALFORMED_RESPONSE, "Graph named a next page that was read already.")
        if not is_own_link(client.root, page.next_link):
            raise GraphFault(Reason.MALFORMED_RESPONSE, "Graph named a next page outside its own address.")
        seen.add(page.next_link)
        request = replace(request, method="GET", path=page.next_link, body=None)
    raise GraphFault(Reason.MALFORMED_RESPONSE, "Graph's list has no end.")
