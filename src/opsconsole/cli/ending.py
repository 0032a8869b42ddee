"""How a command ends when it does not simply return: every exception becomes a sentence, a next step and an exit code."""

from __future__ import annotations

import errno
from typing import Any

import click
from msgspec import Struct

from opsconsole.cli.text import sentence
from opsconsole.errors import OpsError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_PARTLY = 3
EXIT_CONFLICT = 6
EXIT_UNREACHABLE = 7
EXIT_INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended: 128 and the signal's number."""


class Interrupted(OpsError):
    """Ctrl-C or a request to terminate came; what was in hand was let go in good order."""

    code = "interrupted"
    exit_code = EXIT_INTERRUPTED


class Ending(Struct, frozen=True):
    """What is told of an error. ``help_text`` is shown instead of the sentence where a command was named without its word."""

    code: str
    exit_code: int
    message: str
    hint: str = ""
    help_text: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of contract.md."""
        return {"error": {"code": self.code, "message": self.message, "hint": self.hint}}

    def to_text(self) -> str:
        """Return what stands on stderr."""
        if self.help_text:
            return self.help_text
        lines = [f"opsconsole: {sentence(self.message)}"]
        if self.hint:
            lines.append(f"  {sentence(self.hint)}")
        return "\n".join(lines)


def ending_of(error: BaseException) -> Ending:
    """Return how the program ends after ``error``; an unexpected one is written to the log first, and only there."""
    if isinstance(error, OpsError):
        return Ending(error.code, error.exit_code, error.message, error.hint)
    if isinstance(error, click.ClickException):
        return _of_usage(error)
    if isinstance(error, KeyboardInterrupt) or (
        isinstance(error, click.Abort) and not isinstance(error.__cause__ or error.__context__, EOFError)
    ):
        return Ending("interrupted", EXIT_INTERRUPTED, "Interrupted.")
    if isinstance(error, click.Abort):
        return Ending("usage", EXIT_USAGE, "The question was not answered: the input ended.", "Use --yes in scripts.")
    if isinstance(error, OSError) and error.errno in _REASONS_OF_THE_SYSTEM:
        where = f" ({error.filename})" if isinstance(error.filename, str) else ""
        return Ending("system", EXIT_FAILED, f"{_REASONS_OF_THE_SYSTEM[error.errno]}{where}.")
    return _of_a_mistake(error)


_REASONS_OF_THE_SYSTEM = {
    errno.ENOSPC: "The disk is full",
    errno.EDQUOT: "The disk quota is used up",
    errno.EROFS: "The file system is read-only",
    errno.EACCES: "Permission denied",
    errno.EPERM: "The operating system does not allow this",
    errno.ENOENT: "There is no such file or folder",
    errno.ENOTDIR: "This is not a folder",
    errno.EISDIR: "This is a folder, not a file",
    errno.EEXIST: "The file is there already",
    errno.EIO: "The disk reported a fault",
    errno.EMFILE: "Too many files are open",
    errno.ENAMETOOLONG: "The file name is too long",
}
"""What the operating system refuses, in words: these are no mistakes of the program."""


def _of_usage(error: click.ClickException) -> Ending:
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "opsconsole"
    hint = f"See `{path} --help`."
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return Ending("usage", EXIT_USAGE, f"`{path}` needs a command.", hint, help_text=error.message)
    return Ending("usage", EXIT_USAGE, error.format_message(), hint)


def _of_a_mistake(error: BaseException) -> Ending:
    from opsconsole.cli.logfile import log_mistake

    path = log_mistake(error)
    hint = f"Please report it, with the last entry of {path}." if path else "Please report it."
    return Ending("internal_error", EXIT_FAILED, f"opsconsole made a mistake ({type(error).__name__}).", hint)
