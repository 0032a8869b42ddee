"""Clean logs (promise 13): what is logged, its exceptions and their whole chains, goes through the sanitiser first."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator

from opsconsole.graph.sanitise import sanitise

OUR_LOGGERS = ("opsconsole", "opsconsole.engine", "opsconsole.graph")
"""Every logger of the program: a filter on a logger does not see what its children log."""

MAX_LINE = 1_000
"""A record longer than this is no line any more."""

_OWN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class CleanRecords(logging.Filter):
    """Cleans a record where it stands, before any handler sees it; lets every record through.

    Ids of our own runs, given as arguments, stay: they lead to the run.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean message, exception and stack of a record."""
        if not getattr(record, "is_clean", False):
            _clean(record)
        return True


def keep_records_clean(*handlers: logging.Handler) -> None:
    """Put the filter on every logger of the program, and on handlers that other loggers may reach."""
    for place in (*map(logging.getLogger, OUR_LOGGERS), *handlers):
        if not any(isinstance(one, CleanRecords) for one in place.filters):
            place.addFilter(CleanRecords())


def clean_story(error: BaseException) -> str:
    """Return where an exception came from, with all that caused it: types, places, cleaned messages, and no values."""
    return "\n  caused by ".join(
        f"{type(one).__name__}: {sanitise(_text(one))}" + "".join(_frames(one)) for one in _chain(error)
    )


def _clean(record: logging.LogRecord) -> None:
    kept: list[str] = []

    def put_aside(value: object) -> object:
        if isinstance(value, int | float):
            return value
        if isinstance(value, str) and _OWN_ID.fullmatch(value):
            kept.append(value)
            return f"ownid{len(kept) - 1}x"
        return _text(value)

    try:
        args = record.args
        values = {key: put_aside(value) for key, value in args.items()} if isinstance(args, dict) else None
        template = str(record.msg)
        if args:
            template = template % (values if values is not None else tuple(map(put_aside, args)))
    except (TypeError, ValueError, KeyError):
        template = f"{record.msg} {record.args}"
    text = sanitise(template, MAX_LINE)
    for number, own in enumerate(kept):
        text = text.replace(f"ownid{number}x", own)
    record.msg, record.args = text, None
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = clean_story(record.exc_info[1])
    elif record.exc_text:
        record.exc_text = sanitise(record.exc_text, MAX_LINE)
    record.exc_info = None
    record.stack_info = None
    record.is_clean = True


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # an exception's own text may fail
        return type(value).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        waiting.extend((one.__cause__, one.__context__))


def _frames(error: BaseException) -> Iterator[str]:
    """Yield the places of a traceback; of a file's path only its end, which holds no account's name."""
    for frame in traceback.extract_tb(error.__traceback__):
        place = "/".join(frame.filename.replace("\\", "/").split("/")[-2:])
        yield f"\n    {place}:{frame.lineno} in {frame.name}"
