"""Foreign text cannot style, click, move the cursor, or push a column out of line."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from opsconsole.domain.plain_text import MAX_MARKS, cell_width, cut, fit, plain

FOREIGN = st.text(st.characters(codec=None), max_size=60)


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("Windows - Baseline", "Windows - Baseline"),
        ("[bold red]markup[/]", "[bold red]markup[/]"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]8;;http://x\x07link", "␛]8;;http://x␇link"),
        ("\x9b2J", "\N{REPLACEMENT CHARACTER}2J"),
        ("two\nlines\tand a tab\r", "two lines and a tab "),
        ("invoice\u202efdp.exe", "invoice\N{REPLACEMENT CHARACTER}fdp.exe"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("👩\u200d💻 ⚠\ufe0f 👍🏽", "👩💻 ⚠ 👍"),
        ("\u0301stray", "◌\u0301stray"),
        ("lone \ud800", "lone \N{REPLACEMENT CHARACTER}"),
        ("日本語ポリシー", "日本語ポリシー"),
        ("nul\x00del\x7f", "nul␀del␡"),
    ],
)
def test_what_is_foreign_is_shown_as_plain_text(foreign: str, shown: str) -> None:
    assert plain(foreign) == shown


def test_marks_cannot_climb() -> None:
    assert plain("a" + "\u0301" * 100 + "b") == "a" + "\u0301" * MAX_MARKS + "b"


@given(FOREIGN)
def test_no_control_survives_and_plain_is_settled(text: str) -> None:
    shown = plain(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp") for char in shown)
    assert plain(shown) == shown


@given(FOREIGN, st.integers(0, 30))
def test_a_cell_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    assert cell_width(fit(text, width)) == width
    assert cell_width(fit(text, width, right=True)) == width
    assert cell_width(cut(text, width)) <= width


def test_every_character_has_the_width_that_the_screen_library_gives_it() -> None:
    differing = []
    for code in range(sys.maxunicode + 1):
        shown = plain(chr(code))
        if cell_width(shown) != cell_len(shown):
            differing.append(hex(code))
    assert differing == []


@given(FOREIGN)
def test_a_text_has_the_width_that_the_screen_library_gives_it(text: str) -> None:
    assert cell_width(plain(text)) == cell_len(plain(text))
