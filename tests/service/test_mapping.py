"""The mapping file: what is right is read as it stands, and what is wrong is named by its line."""

from __future__ import annotations

import pytest

from opsconsole.errors import UsageError
from opsconsole.service.mapping import parse_mapping, read_mapping

HEADER = "kind,from,to\n"

BAD_LINES = {
    "a kind that is none": ("user,a,b", "has the kind 'user'"),
    "no kind": (",a,b", "has the kind ''"),
    "too few values": ("group,a", "has 2 values, not 3"),
    "one value": ("group", "has 1 value, not 3"),
    "too many values": ("group,a,b,c", "has 4 values, not 3"),
    "an unquoted comma": ("group,Sales, north,b", "has 4 values, not 3"),
    "no from": ("group,,b", "has an empty value"),
    "a blank from": ("group,  ,b", "has an empty value"),
    "no to": ("filter,a,", "has an empty value"),
    "a second time": ("group,ok,c", "maps 'ok' a second time"),
    "a second time in capitals": ("group,OK,c", "maps 'OK' a second time"),
    "an open quote": ('group,"a,b', "is no CSV"),
    "text after a quote": ('group,"a"b,c', "is no CSV"),
    "a NUL": ("group,a\0b,c", "holds a NUL character"),
    "a NUL alone": ("\0", "holds a NUL character"),
    "a value past any name": (f"group,{'x' * 200_000},b", "is no CSV"),
    "a carriage return inside": ("group,a\rb,c", "is no CSV"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_bad_line_is_named_by_its_number(case: str) -> None:
    line, words = BAD_LINES[case]
    with pytest.raises(UsageError) as raised:
        parse_mapping(f"{HEADER}group,ok,b\n\n{line}\n")
    assert raised.value.message.startswith("Line 4 of the mapping file ")
    assert words in raised.value.message
    assert len(raised.value.message) < 200
    assert "kind,from,to" in raised.value.hint
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    "text", ["", " \n", "group,a,b\n", "from,to,kind\n", "kind;from;to\ngroup;a;b\n", "kind,from\n", "\n" + HEADER, '"']
)
def test_a_file_without_its_header_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_mapping(text)
    assert "kind,from,to" in str(raised.value)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    with pytest.raises(UsageError, match=r"^Line 5 "):
        parse_mapping(f'{HEADER}group,"a name\nof two lines",b\n\nuser,a,b\n')


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_what_spreadsheets_write_is_read(mark: str, end: str, last: bool) -> None:
    lines = ["Kind, FROM ,to", 'GROUP,"Sales, north","Sales ""new"""', "", ",,", "filter,0a1b,drop"]
    assert read_mapping(mark + end.join(lines) + (end if last else "")) == [
        {"kind": "group", "from": "Sales, north", "to": 'Sales "new"'},
        {"kind": "filter", "from": "0a1b", "to": "drop"},
    ]


def test_a_group_and_a_filter_may_have_one_name() -> None:
    assert len(parse_mapping(f"{HEADER}group,a,b\nfilter,a,b\n")) == 2


def test_no_file_maps_nothing() -> None:
    assert read_mapping(None) == []
    assert read_mapping(HEADER) == []


def test_a_file_of_a_hundred_thousand_lines_is_fine() -> None:
    text = HEADER + "".join(f"group,name {number},to {number}\n" for number in range(100_000))
    assert len(parse_mapping(text)) == 100_000
    with pytest.raises(UsageError, match=r"^Line 100002 "):
        parse_mapping(f"{text}nonsense\n")
