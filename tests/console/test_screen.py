"""Golden screens under ``snapshots/``; what they are taken of stands in ``shots``."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import SNAPSHOTS, after, make_app
from .shots import MAX_SHOTS, SHOTS


@pytest.mark.parametrize("name", SHOTS)
def test_screen(name: str, snap_compare: Callable[..., bool]) -> None:
    shot = SHOTS[name]
    app = shot.app() if shot.app else make_app(shot.world(), look=shot.look, **shot.named)
    assert snap_compare(app, terminal_size=shot.size, run_before=after(*shot.keys, then=shot.then))


def test_every_picture_is_of_a_screen_that_is_tested_and_there_are_not_too_many() -> None:
    kept = {path.stem.removeprefix("test_screen[").removesuffix("]") for path in Path(SNAPSHOTS).glob("*.svg")}
    assert kept == set(SHOTS)
    assert len(SHOTS) <= MAX_SHOTS
