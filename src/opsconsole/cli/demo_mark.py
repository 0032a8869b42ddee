"""The mark by which a demo's temporary folder shows that its program lives, and the removal of folders left behind by killed ones.

The mark is a file that its program keeps open: locked where the system has advisory locks, and on Windows, where an
open file cannot be removed, by being open. Both end with the process, however it ends, and hold across containers too.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "opsconsole-demo-"
"""How the names of temporary folders begin; what stands elsewhere is never looked at."""

MARK = "in-use"


@contextmanager
def marked(folder: Path) -> Iterator[None]:
    """Keep ``folder`` from being taken for one left behind, as long as the block, or this process, lasts."""
    # Locked before it gets its name: who sees the mark without a lock sees one whose program is gone.
    unnamed = folder / f"{MARK}.new"
    handle = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if sys.platform != "win32":
            _lock(handle)
            unnamed.rename(folder / MARK)
        yield
    finally:
        os.close(handle)


def remove_left_behind(parent: Path) -> list[Path]:
    """Remove this account's demo folders whose programs are gone, and return them. One that cannot be judged stays."""
    return [folder for folder in sorted(parent.glob(f"{PREFIX}*")) if _is_left_behind(folder) and _remove(folder)]


def _is_left_behind(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    if sys.platform == "win32":  # pragma: no cover - tested on Linux only, as the README says
        return _gives_way(folder / f"{MARK}.new")
    return found.st_uid == os.getuid() and _is_unlocked(folder / MARK)


def _is_unlocked(mark: Path) -> bool:
    try:
        handle = os.open(mark, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        return _lock(handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    """Lock an open file without waiting; False if another program holds it."""
    if sys.platform == "win32":  # pragma: no cover
        return False
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _gives_way(mark: Path) -> bool:  # pragma: no cover - Windows
    try:
        mark.unlink()
    except OSError:
        return False
    return True


def _remove(folder: Path) -> bool:
    with suppress(OSError):
        shutil.rmtree(folder)
    return not folder.exists()
