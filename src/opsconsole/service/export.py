"""Writing a backup set to a folder: one file a policy, byte for byte what Graph sent, and a manifest."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from opsconsole.config import make_private_folder
from opsconsole.domain.backup import BackupSet
from opsconsole.errors import UsageError
from opsconsole.service.caller import Caller
from opsconsole.store import backups

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
"""What a file name does not keep; dots neither, since Windows takes ``con.anything`` for the console."""

NAME_LENGTH = 60
"""Characters of a policy's name that its file name keeps: Windows' paths end at 260."""


def write_export(caller: Caller, found: BackupSet, directory: Path) -> int:
    """Write the set and return how many items it held. Files are 0600, folders 0700. Raises UsageError, also for I/O errors."""
    try:
        make_private_folder(directory)
        if any(directory.iterdir()):
            raise UsageError(
                f"The folder {str(directory)!r} is not empty.", "Name a new folder: nothing is overwritten."
            )
        return _write(caller, found, directory)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UsageError(
            f"Cannot write to {str(directory)!r}: {getattr(error, 'strerror', None) or type(error).__name__}.",
            "Check the folder's permissions and the free space, empty it, then export again.",
        ) from None


def _write(caller: Caller, found: BackupSet, directory: Path) -> int:
    entries, cursor, count = [], None, 0
    while True:
        with caller.db.read() as session:
            items, cursor = backups.list_items(session, found.id, with_payload=True, limit=500, cursor=cursor)
        for item in items:
            folder = directory / item.policy_type
            folder.mkdir(mode=0o700, exist_ok=True)
            # The id's digest keeps names apart that differ only in what a file system does not tell apart.
            digest = hashlib.sha256(item.policy_id.encode()).hexdigest()[:12]
            stem = f"{_UNSAFE.sub('_', item.policy_name)[:NAME_LENGTH].strip('_-') or 'policy'}_{digest}"
            for suffix, text in (("policy", item.policy), ("assignments", item.assignments)):
                if text is not None:
                    write_private(folder / f"{stem}.{suffix}.json", text)
            entries.append(
                {
                    "policy_type": item.policy_type,
                    "policy_id": item.policy_id,
                    "policy_name": item.policy_name,
                    "status": item.status.value,
                    "file": f"{item.policy_type}/{stem}",
                    "failure": item.failure.to_json() if item.failure else None,
                }
            )
        count += len(items)
        if cursor is None:
            break
    with caller.db.read() as session:
        names = [
            {"kind": name.kind, "id": name.id, "name": name.name, "gone": name.is_gone}
            for name in backups.get_names(session, found.id)
        ]
    manifest = {"backup_set": found.to_json(), "names": names, "items": entries}
    write_private(directory / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2))
    return count


@contextmanager
def private_file(path: Path, *, errors: str = "strict") -> Iterator[TextIO]:
    """Create ``path`` with mode 0600 for text in UTF-8; what was not written whole is removed. Never overwrites.

    ``errors`` says what becomes of text that UTF-8 cannot hold, as for ``open``.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors=errors, newline="") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_private(path: Path, text: str) -> None:
    """Create ``path`` with mode 0600 and write ``text`` as UTF-8. Raises FileExistsError rather than overwrite."""
    with private_file(path) as file:
        file.write(text)
