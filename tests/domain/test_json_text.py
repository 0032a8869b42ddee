"""What a server sent stands in a document digit by digit (promise 4)."""

from __future__ import annotations

import json

import pytest

from opsconsole.domain.json_text import JsonText, to_document

SENT = [
    "1e400",
    "-0",
    "1.10",
    "123456789012345678901234567890",
    "0.1000000000000000055511151231257827",
    '{"b":1,"a":2,"b":3}',
    '"\\u00e9 \\ud800 \\/"',
    "null",
    "[ ]",
]


@pytest.mark.parametrize("text", SENT)
@pytest.mark.parametrize("indent", [None, 2])
def test_what_was_sent_is_printed_as_it_was(text: str, indent: int | None) -> None:
    document = to_document({"items": [{"policy": JsonText(text)}, "é"]}, indent=indent)
    assert f'"policy": {text}' in document
    assert document.isascii()
    found = json.loads(document, parse_float=str, parse_int=str, parse_constant=pytest.fail)
    assert found == {
        "items": [{"policy": json.loads(text, parse_float=str, parse_int=str, parse_constant=pytest.fail)}, "é"]
    }


def test_other_characters_and_line_breaks_are_escaped_and_joined() -> None:
    text = '{\r\n\t"name": "Grüße 漢字 🎉"\n}'
    document = to_document(JsonText(text))
    assert document.isascii()
    assert "\n" not in document
    assert json.loads(document) == json.loads(text)


def test_a_text_that_looks_like_a_place_is_no_place() -> None:
    value = {"a": JsonText("1e400"), "b": '00000000000000000000000000000000"0', "c": JsonText('"\\\\1"')}
    assert to_document(value) == '{"a": 1e400, "b": "00000000000000000000000000000000\\"0", "c": "\\\\1"}'


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        to_document({"a": object()})
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_document(float("inf"))
