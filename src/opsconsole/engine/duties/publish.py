"""Publishing: which tenants the engine works for and what it spends of their Graph budgets, for whoever looks at one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.store import engines

if TYPE_CHECKING:
    from opsconsole.engine.engine import Engine

PUBLISH_INTERVAL_S = 1.0
"""A budget is looked at by people: once a second is as often as figures can be read."""


class PublishBudgets:
    """Writes budgets and tenants into the engine's row when they differ from what stands there: an idle engine writes nothing.

    The tenants change when one that is configured gets known to the store: with its first backup.
    """

    name = "publish"
    interval_s = PUBLISH_INTERVAL_S

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def step(self) -> None:
        """Look once, and write what changed."""
        engine = self._engine
        budgets, served = engine.budgets(), engine.known_tenants
        has_other_budgets, has_other_tenants = budgets != engine.published, served != engine.published_tenants
        if not has_other_budgets and not has_other_tenants:
            return

        def write() -> bool:
            with engine.db.write() as session:
                is_noted = not has_other_tenants or engines.note_tenants(session, engine.id, served)
                return is_noted and (not has_other_budgets or engines.note_budgets(session, engine.id, budgets))

        if await engine.in_thread(write):
            engine.published, engine.published_tenants = budgets, served
