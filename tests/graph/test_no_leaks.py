"""Thousands of hostile messages through every way that text takes: failures of answers and faults, log records, exceptions."""

from __future__ import annotations

import io
import json
import logging
import random

import pytest

from hostile import Hostile, hostile
from opsconsole.domain.failure import FailureCode, Reason
from opsconsole.domain.ids import new_id
from opsconsole.graph.clean_log import CleanRecords, clean_story
from opsconsole.graph.client import GraphAnswer, GraphFault
from opsconsole.graph.errors import classify
from opsconsole.graph.sanitise import sanitise

CODE = FailureCode.FETCH_FAILED


def bodies(text: str) -> list[bytes]:
    """An error's text in each shape in which Graph was seen to put it (graph.md 3.1)."""
    service = f"{text} - Operation ID (for customer support): 0 - Activity ID: 0 - Url: https://x.example/y"
    inner = json.dumps({"_version": 3, "Message": service, "CustomApiErrorPhrase": text})
    deep = json.dumps({"ErrorCode": "Forbidden", "Message": inner, "Target": None})
    return [
        json.dumps({"error": {"code": "BadRequest", "message": message, "innerError": {"request-id": text}}}).encode()
        for message in (text, inner, deep)
    ] + [
        json.dumps({"error": "invalid_client", "error_description": f"AADSTS7000215: {text} Trace ID: x"}).encode(),
        json.dumps({"error": {"code": text, "message": "", "innererror": {"message": text}}}).encode(),
        deep.encode()[:-20],
        text.encode(),
        f"<html><body>{text}</body></html>".encode(),
    ]


def shown(one: Hostile, rng: random.Random) -> str:
    """Everything that is kept or shown of a message that came in some way."""
    status = rng.choice((400, 401, 403, 404, 409, 412, 429, 500, 503, 504))
    answer = GraphAnswer(
        status, {"request-id": one.text, "x-ms-ags-diagnostic": one.text}, rng.choice(bodies(one.text))
    )
    fault = GraphFault(Reason.NETWORK_UNREACHABLE, one.text)
    said = [sanitise(one.text, 10_000), json.dumps(classify(answer, CODE).to_json())]
    said.append(json.dumps(classify(fault, CODE).to_json()))
    return "\n".join(said)


def check(seed: int, count: int) -> None:
    rng = random.Random(seed)
    leaks = []
    for _ in range(count):
        one = hostile(rng)
        if left := one.left_in(shown(one, rng)):
            leaks.append((one.text, left))
    assert leaks == []


def test_no_hostile_message_leaks() -> None:
    check(1, 1200)


@pytest.mark.stress
def test_ten_thousand_hostile_messages_do_not_leak() -> None:
    check(2, 10_000)


def logged(emit) -> str:
    """What a handler writes of the records that ``emit`` makes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.Logger("opsconsole.test")
    logger.addFilter(CleanRecords())
    logger.addHandler(handler)
    emit(logger)
    return stream.getvalue()


def broken(text: str) -> BaseException:
    """An exception with a cause, a context and a group below it, each of which says ``text``."""
    try:
        try:
            try:
                raise KeyError(text)
            except KeyError:
                raise ValueError(f"second: {text}")  # noqa: B904
        except ValueError as error:
            raise ExceptionGroup(text, [OSError(5, text), RuntimeError(text)]) from error
    except ExceptionGroup as error:
        return error


def test_log_records_and_exception_chains_are_clean() -> None:
    rng = random.Random(3)
    for _ in range(150):
        one = hostile(rng)
        error = broken(one.text)

        def emit(logger: logging.Logger, one: Hostile = one, error: BaseException = error) -> None:
            logger.error(one.text)
            logger.error("run failed: %s", one.text)
            logger.error("run failed: %s", error)
            logger.error("run %(what)s", {"what": one.text})
            logger.error("%s and %d", one.text)  # a mistake in the call
            logger.error("mistake", exc_info=error, stack_info=True)
            logger.error(error)

        written = logged(emit)
        assert one.left_in(written) == [], written
        assert one.left_in(clean_story(error)) == []


def test_a_record_keeps_our_own_ids_types_and_places() -> None:
    run = new_id()
    written = logged(lambda logger: logger.error("run %s (%s) ended: %d", run, "assignments.fetch", 3))
    assert written == f"ERROR run {run} (assignments.fetch) ended: 3\n"
    error = broken("secret=" + "x" * 20)
    written = logged(lambda logger: logger.error("run %s failed", run, exc_info=error))
    for word in (run, "ExceptionGroup", "ValueError", "KeyError", "OSError", "graph/test_no_leaks.py:"):
        assert word in written
    assert "/tests/graph" not in written, "no whole path: it names the account"
