"""A world of members and things, on each database, or on SQLite alone where the database makes no difference."""

from __future__ import annotations

import pytest

from opsconsole.store.database import Database

from .world import World


@pytest.fixture
def world(store: Database) -> World:
    """A world, once on each database."""
    return World(store)


@pytest.fixture
def small_world(sqlite_store: Database) -> World:
    """A world on SQLite."""
    return World(sqlite_store)
