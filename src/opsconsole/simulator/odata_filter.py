"""The part of OData's `$filter` that the directory answers: equality, `in`, `startswith`, joined by `or`."""

import re
from collections.abc import Callable, Mapping

MAX_CLAUSES = 15
"""Graph answers 400 to the sixteenth clause joined by `or`."""

_STRING = r"'(?:[^']|'')*'"
_CLAUSE = re.compile(
    rf"\s*(?:(?P<field>\w+)\s+eq\s+(?P<value>{_STRING})"
    rf"|(?P<in_field>\w+)\s+in\s*\((?P<values>\s*{_STRING}(?:\s*,\s*{_STRING})*\s*)\)"
    rf"|startswith\(\s*(?P<start_field>\w+)\s*,\s*(?P<start>{_STRING})\s*\))\s*",
    re.IGNORECASE,
)

Test = Callable[[Mapping[str, str]], bool]


class TooManyClauses(ValueError):
    """More clauses than Graph takes; `count` says how many."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} clauses; at most {MAX_CLAUSES} are taken")
        self.count = count


def parse_filter(text: str) -> Test:
    """A test over an object's fields; raises TooManyClauses, or ValueError for what is not understood.

    Ids compare without regard to case, names exactly.
    """
    tests: list[Test] = []
    clauses = 0
    position = 0
    while True:
        clause = _CLAUSE.match(text, position)
        if clause is None:
            raise ValueError(f"not understood from character {position + 1} on: {text[position : position + 40]!r}")
        test, weight = _test_of(clause)
        tests.append(test)
        clauses += weight
        position = clause.end()
        if position == len(text):
            break
        joint = re.compile(r"or\s+", re.IGNORECASE).match(text, position)
        if joint is None:
            raise ValueError(f"not understood from character {position + 1} on: {text[position : position + 40]!r}")
        position = joint.end()
    if clauses > MAX_CLAUSES:
        raise TooManyClauses(clauses)
    return lambda fields: any(test(fields) for test in tests)


def _test_of(clause: re.Match[str]) -> tuple[Test, int]:
    """One clause's test, and how many clauses it counts for."""
    if clause["start_field"]:
        name, start = clause["start_field"], _unquote(clause["start"])
        return (lambda fields: fields.get(name, "").lower().startswith(start.lower())), 1
    name = clause["field"] or clause["in_field"]
    texts = [clause["value"]] if clause["field"] else re.findall(_STRING, clause["values"])
    values = {_unquote(text) for text in texts}
    if name.lower() == "id":
        values = {value.lower() for value in values}
        return (lambda fields: fields.get("id", "").lower() in values), len(texts)
    return (lambda fields: fields.get(name) in values), len(texts)


def _unquote(text: str) -> str:
    return text[1:-1].replace("''", "'")
