"""The OData options of a request: page, size, selection, expansion."""

import base64
import binascii
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from .errors import GraphError, bad_request
from .jsontext import quoted

MAX_TOP = 999
"""Largest page that Graph gives."""

KNOWN = frozenset({"$top", "$select", "$expand", "$filter", "$count", "$skiptoken", "$orderby", "$search"})


@dataclass(frozen=True, slots=True)
class Query:
    """The options of one request; `start` is the place that its `$skiptoken` stands for."""

    top: int | None = None
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    filter: str = ""
    count: bool = False
    start: int = 0
    others: tuple[tuple[str, str], ...] = ()

    @property
    def expands_assignments(self) -> bool:
        """Whether assignments are wanted inline."""
        return any(name.partition("(")[0].strip().lower() == "assignments" for name in self.expand)


def parse_query(target: str) -> Query:
    """The options in a request's address; raises GraphError where one cannot be read.

    Names go without regard to case. As Graph does, a name without its dollar sign is taken for a parameter of no meaning.
    """
    query = Query()
    others: list[tuple[str, str]] = []
    for raw_name, value in parse_qsl(urlsplit(target).query, keep_blank_values=True):
        name = raw_name.lower()
        if name in KNOWN and name != "$skiptoken":
            others.append((name, value))
        if name == "$top":
            query = replace(query, top=_positive(value))
        elif name == "$select":
            query = replace(query, select=tuple(part.strip() for part in value.split(",") if part.strip()))
        elif name == "$expand":
            query = replace(query, expand=tuple(part.strip() for part in value.split(",") if part.strip()))
        elif name == "$filter":
            query = replace(query, filter=value)
        elif name == "$count":
            query = replace(query, count=value.lower() == "true")
        elif name == "$skiptoken":
            query = replace(query, start=_read_token(value))
    return replace(query, others=tuple(others))


def next_link(base_url: str, target: str, query: Query, start: int, nonce: str = "") -> str:
    """The absolute address of the page that begins at `start`, with all other options kept."""
    options = [f"{name}={quote(value, safe='(),:/')}" for name, value in query.others]
    options.append(f"$skiptoken={_write_token(start, nonce)}")
    return f"{base_url}{urlsplit(target).path}?{'&'.join(options)}"


def select(entry: bytes, names: tuple[str, ...]) -> bytes:
    """The entry with the selected members and their annotations only, values as they were."""
    wanted = {name.rpartition("/")[2] for name in names} | {"@odata.type"}
    members = msgspec.json.decode(entry, type=dict[str, msgspec.Raw])
    kept = [
        f"{quoted(name)}:".encode() + bytes(raw)
        for name, raw in members.items()
        if name in wanted or name.partition("@")[0] in wanted
    ]
    return b"{" + b",".join(kept) + b"}"


def _positive(value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise bad_request(f"Invalid value '{value}' for $top query option found.")
    return int(value)


def _write_token(start: int, nonce: str) -> str:
    return base64.urlsafe_b64encode(f"place:{start}:{nonce}".encode()).decode().rstrip("=")


def _read_token(token: str) -> int:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        kind, place, _ = text.split(":", 2)
        if kind != "place":
            raise ValueError(kind)
        return int(place)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise GraphError(400, "BadRequest", "Invalid $skiptoken.", shape="plain") from None
