"""The last verified head of each store, kept outside it: a cut end and a chain computed anew show against it (promise 6)."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsconsole.config import make_private_folder, state_dir
from opsconsole.domain.audit import ChainHead, ChainWatch, Verdict
from opsconsole.service import audit
from opsconsole.service.caller import Caller
from opsconsole.service.export import write_private
from opsconsole.store.database import Database

FOLDER = "heads"
"""Under the platform's state folder, one file a store."""


@dataclass(frozen=True, slots=True)
class KeptHead:
    """A head, when it was verified, and the file that keeps it."""

    head: ChainHead
    verified_at: str
    file: Path

    def to_json(self) -> dict[str, Any]:
        """Return the kept head as JSON."""
        return {**self.head.to_json(), "verified_at": self.verified_at, "file": str(self.file)}


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found, the head it was held against, and why the new one could not be kept, if so."""

    verdict: Verdict
    kept: KeptHead | None
    problem: str = ""


def kept_head(caller: Caller, folder: Path | None = None) -> KeptHead | None:
    """Return the head that the last good verification of this store kept here; None if there was none, or it is unreadable."""
    file = _file_of(caller.db, folder)
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        return KeptHead(ChainHead(int(value["seq"]), str(value["hash"])), str(value["verified_at"]), file)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class ChainState:
    """What is known of the chain without walking it: the head kept here, if any, and whether its entry still holds."""

    kept: KeptHead | None
    head: ChainHead
    holds: bool = True


def chain_state(caller: Caller, folder: Path | None = None) -> ChainState:
    """Return what the last good verification on this machine kept, looked at against the store: two entries are read."""
    kept = kept_head(caller, folder)
    head, holds = audit.holds_still(caller, kept.head if kept else ChainHead())
    return ChainState(kept, head, holds)


def verify_and_keep(
    caller: Caller,
    *more: ChainHead,
    is_incremental: bool = False,
    folder: Path | None = None,
    watch: ChainWatch | None = None,
) -> Verified:
    """Verify the chain against the head kept here (and ``more``), and keep the new head if all is well.

    ``is_incremental`` walks only what follows the kept head; without one, everything. Raises NotFound for no member, and
    WalkStopped if ``watch`` ended the walk: then the head kept before stays.
    """
    kept = kept_head(caller, folder)
    if kept is not None and is_incremental:
        verdict = audit.verify(caller, *more, after=kept.head, watch=watch)
    else:
        verdict = audit.verify(caller, *more, *([kept.head] if kept else []), watch=watch)
    problem = _keep(caller, verdict.head, folder) if verdict.ok else ""
    return Verified(verdict, kept, problem)


def _keep(caller: Caller, head: ChainHead, folder: Path | None) -> str:
    file = _file_of(caller.db, folder)
    beside = file.with_name(f".{caller.new_id()}")
    text = json.dumps({"store": _identity(caller.db), **head.to_json(), "verified_at": caller.now()}, indent=2)
    try:
        make_private_folder(file.parent)
        try:
            write_private(beside, text + "\n")
            beside.replace(file)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
    except OSError as error:
        return f"{file} cannot be written ({error.strerror})"
    return ""


def _file_of(db: Database, folder: Path | None) -> Path:
    name = hashlib.sha256(_identity(db).encode()).hexdigest()[:16]
    return (folder or state_dir()) / FOLDER / f"{name}.json"


def _identity(db: Database) -> str:
    """Return what tells stores apart: the whole path of a file, else host and database."""
    return str(Path(db.label).resolve()) if db.dialect == "sqlite" else db.label
