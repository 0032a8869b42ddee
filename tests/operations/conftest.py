"""Worlds for stories about operations: on SQLite where the database makes no difference, else on both."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opsconsole.operations import policy_write
from opsconsole.simulator import Tenant, tenant_from_exports
from world import World

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(sqlite_store_url: str, tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a world on SQLite of one tenant, or of several by name."""
    yield from _maker(sqlite_store_url, tmp_path)


@pytest.fixture
def make_each_world(store_url: str, tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a world, once on each database."""
    yield from _maker(store_url, tmp_path)


def _maker(url: str, folder: Path) -> Iterator[MakeWorld]:
    made: list[World] = []

    def make(*tenants: Tenant, more: dict[str, Tenant] | None = None, **options: Any) -> World:
        world = World.make(url, folder, {"contoso": tenants[0], **(more or {})}, **options)
        made.append(world)
        return world

    yield make
    for world in made:
        world.close()


@pytest.fixture
def exports_world(make_world: MakeWorld) -> World:
    """A world whose tenant is made of the real exports, read where they lie."""
    root = os.environ.get("OPSCONSOLE_FIXTURES") or Path(__file__).parents[2].parent / "shared" / "fixtures"
    folder = Path(root) / "intune-exports"
    if not folder.is_dir():
        pytest.skip(f"the folder of real exports is missing: {folder}")
    tenant, _ = tenant_from_exports(folder)
    return make_world(tenant)


@pytest.fixture
def quick_read_backs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many read-backs as ever, with shorter pauses between them."""
    monkeypatch.setattr(policy_write, "READ_BACK_DELAYS_S", (0.0, 0.01, 0.02, 0.03))
