"""Targets in words, of whatever Graph sent as an assignment."""

import pytest

from opsconsole.console.targets import assignments_in, inherited_in, target_words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "null",
        "[null, 1, [2]]",
        '{"target": 1}',
        '[{"target": "all"}]',
        '[{"target": null, "source": "policySets"}]',
        '[{"target": {"@odata.type": 5}, "source": 5}]',
    ],
)
def test_what_is_no_assignment_is_shown_as_far_as_it_goes(text: str) -> None:
    for entry in (*assignments_in(text), *inherited_in(text)):
        assert target_words(entry.to_json({})).startswith("other target")
