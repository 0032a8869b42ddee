"""The trail in memory: entries, what executions wrote, and a chain that holds until a test breaks it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsconsole.domain.audit import ChainHead, ChainWatch, Verdict, WalkStopped
from opsconsole.service.audit import AuditQuery
from opsconsole.service.caller import Page
from opsconsole.service.kept_heads import ChainState, KeptHead
from opsconsole.service.list_export import AUDIT_CELLS, ListExport
from opsconsole.service.written import WrittenPolicy

from .memory_lists import page

AuditJson = dict[str, Any]

HEAD = ChainHead(90_114, "5be1" * 16)

KEPT = ChainState(KeptHead(ChainHead(90_101, "77ab" * 16), "2026-08-20T06:00:00.000000Z", Path("heads.json")), HEAD)


@dataclass
class MemoryAudit:
    """The part of the desk that the trail's screens ask. A walk waits for ``goes_on`` where a test put one there."""

    all_entries: list[AuditJson] = field(default_factory=list)
    written_of: dict[str, list[WrittenPolicy]] = field(default_factory=dict)
    chain_known: ChainState = KEPT
    verdict: Verdict = field(default_factory=lambda: Verdict(True, 90_114, HEAD))
    broken: Verdict | None = None
    goes_on: threading.Event | None = None

    def _fitting(self, query: AuditQuery) -> list[AuditJson]:
        self._look()  # type: ignore[attr-defined]
        return [
            entry
            for entry in self.all_entries
            if (not query.actors or entry["actor"] in query.actors)
            and (not query.actions or entry["action"] in query.actions)
            and (not query.outcomes or entry["outcome"] in query.outcomes)
            and (not query.since or entry["created_at"] >= query.since)
            and (not query.search or query.search in entry["action"] or query.search in entry["actor"])
        ]

    def entries(self, query: AuditQuery, limit: int, cursor: str | None, *, backwards: bool = False) -> Page[AuditJson]:
        rows = self._fitting(query)
        mark = lambda entry: str(entry["seq"])  # noqa: E731
        return page(rows, lambda entry: entry["seq"], limit, cursor, newest=True, backwards=backwards, mark=mark)

    def count_entries(self, query: AuditQuery, after_seq: int) -> tuple[int, int]:
        upto = max((entry["seq"] for entry in self.all_entries), default=0)
        return sum(1 for entry in self._fitting(query) if entry["seq"] > after_seq), upto

    def entry(self, ref: str) -> AuditJson:
        self._look()  # type: ignore[attr-defined]
        return next(entry for entry in self.all_entries if entry["id"] == ref)

    def written(self, run_ref: str, limit: int, cursor: str | None) -> Page[WrittenPolicy]:
        rows = [one for one in self.written_of.get(run_ref, []) if one.item_id > (cursor or "")]
        return Page(rows[:limit], rows[limit - 1].item_id if len(rows) > limit else None)

    def count_written(self, run_ref: str) -> int:
        return len(self.written_of.get(run_ref, []))

    def chain(self) -> ChainState:
        self._look()  # type: ignore[attr-defined]
        return self.chain_known

    def broken_verdict(self) -> Verdict | None:
        return self.broken

    def verify(self, watch: ChainWatch) -> Verdict:
        watch.begin(90_114)
        if self.goes_on is not None:
            watch.step(31_000)
            while not self.goes_on.wait(0.01):
                try:
                    watch.step(31_000)
                except WalkStopped:
                    self.goes_on.set()
                    raise
        self.broken = None if self.verdict.ok else self.verdict
        if self.verdict.ok:
            kept = KeptHead(self.verdict.head, "2026-08-20T14:02:07.000000Z", Path("heads.json"))
            self.chain_known = ChainState(kept, self.verdict.head)
        return self.verdict

    def trail(self, query: AuditQuery) -> ListExport[AuditJson]:
        def read(limit: int, cursor: str | None) -> Page[AuditJson]:
            found = self.entries(query, limit, cursor, backwards=True)
            return Page(found.items[::-1], found.next_cursor)

        return ListExport("audit entries", AUDIT_CELLS, dict, read, lambda: self.count_entries(query, 0)[0])
