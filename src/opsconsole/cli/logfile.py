"""The log: what an engine in this process reports, and where the program's mistakes stood, without the data they stood over."""

from __future__ import annotations

import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from opsconsole.domain.plain_text import plain

MAX_BYTES = 1_000_000
"""A log is moved aside at this size: some hundred mistakes, small enough to be sent along."""

KEPT_LOGS = 3
"""Logs kept beside the current one."""

LOG_NAME = "opsconsole.log"


def keep_log(*, also_on_stderr: bool = False) -> None:
    """Send what the engine reports to the log, and to stderr if it is all there is to see of it.

    Never raises: an engine must not end because its log cannot be written.
    """
    from opsconsole.graph.clean_log import keep_records_clean

    logger = logging.getLogger("opsconsole")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.raiseExceptions = False
    # Libraries log names, addresses and answers as they came: what they say goes nowhere.
    logging.getLogger().addHandler(logging.NullHandler())
    if not logger.handlers:
        logger.addHandler(_handler_or_none())
    if also_on_stderr:
        said = logging.StreamHandler()
        said.setFormatter(_Plain("%(asctime)s %(message)s", "%H:%M:%S"))
        logger.addHandler(said)
    keep_records_clean(*logger.handlers)


def _handler_or_none() -> logging.Handler:
    try:
        return _handler(_default_folder() / LOG_NAME)
    except OSError:
        return logging.NullHandler()


class _Plain(logging.Formatter):
    """A record on one line: names in it are foreign text."""

    def format(self, record: logging.LogRecord) -> str:
        return plain(super().format(record))


def log_mistake(error: BaseException, folder: Path | None = None) -> Path | None:
    """Write where ``error`` came from into the log and return its path; None where nothing can be written.

    Frames, types and cleaned messages are written, values are not: a local variable may hold a token.
    """
    from opsconsole.graph.clean_log import clean_story

    try:
        path = (folder or _default_folder()) / LOG_NAME
        _write(path, clean_story(error))
    except Exception:  # the log must not hide the mistake it is about
        return None
    return path


def _default_folder() -> Path:
    from opsconsole.config import log_dir

    return log_dir()


def _handler(path: Path) -> RotatingFileHandler:
    from opsconsole.config import make_private_folder

    make_private_folder(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    handler = _PrivateFile(path, maxBytes=MAX_BYTES, backupCount=KEPT_LOGS, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(process)d %(message)s"))
    return handler


class _PrivateFile(RotatingFileHandler):
    """A rotating file that only its owner can read, also after it was moved aside and begun anew."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding=self.encoding, errors="backslashreplace")


def _write(path: Path, text: str) -> None:
    handler = _handler(path)
    try:
        handler.emit(logging.LogRecord("opsconsole", logging.ERROR, "", 0, text, None, None))
    finally:
        handler.close()
