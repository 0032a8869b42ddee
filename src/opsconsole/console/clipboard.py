"""What was copied, in a file as well: nobody can know whether the terminal took it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from opsconsole.config import make_private_folder

FILE_NAME = "clipboard.txt"
"""Lies in the folder for what may be lost; holds only what was copied last."""


def keep_copied(folder: Path, text: str) -> Path | None:
    """Put ``text`` in place of what was copied before, readable by its owner alone; None where that cannot be."""
    file = folder / FILE_NAME
    beside = folder / f".{FILE_NAME}.{os.getpid()}"
    try:
        make_private_folder(folder)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as out:
            out.write(text + "\n")
        beside.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        return None
    return file


def copied_words(text: str, folder: Path | None) -> str:
    """Keep what was copied in ``folder`` as well, and return what is said of it."""
    lines = text.splitlines()
    said = f"Copied {text}" if len(lines) < 2 else f"Copied {len(lines)} lines"
    file = keep_copied(folder, text) if folder is not None else None
    return f"{said} (also in {file})" if file is not None else said
