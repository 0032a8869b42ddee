"""Publishing: what the engine spends of each tenant's Graph budget, for whoever looks at the tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.store import engines

if TYPE_CHECKING:
    from opsconsole.engine.engine import Engine

PUBLISH_INTERVAL_S = 1.0
"""A budget is looked at by people: once a second is as often as figures can be read."""


class PublishBudgets:
    """Writes the budgets into the engine's row when they differ from what stands there: an idle engine writes nothing."""

    name = "publish"
    interval_s = PUBLISH_INTERVAL_S

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def step(self) -> None:
        """Look once, and write if something changed."""
        engine = self._engine
        budgets = engine.budgets()
        if budgets == engine.published:
            return

        def write() -> bool:
            with engine.db.write() as session:
                return engines.note_budgets(session, engine.id, budgets)

        if await engine.in_thread(write):
            engine.published = budgets
