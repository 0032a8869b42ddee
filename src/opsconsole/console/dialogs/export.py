"""Exports what a list shows: asks for the file, then says how far it is; Esc ends it and takes the file away again."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from opsconsole.config import expanded
from opsconsole.console.dialogs.dialog import Dialog
from opsconsole.console.figures import grouped, left
from opsconsole.console.pen import Span, text_of
from opsconsole.console.work import begin, in_thread
from opsconsole.domain.plain_text import cut, plain
from opsconsole.errors import OpsError
from opsconsole.service.list_export import ExportStopped, ListExport, write_list

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

TOLD_EVERY_S = 0.1
"""Progress is drawn this often: faster than it is read, and slow enough to cost nothing."""

TEXT_WIDTH = 60
"""Columns of text in the dialog on a wide terminal."""


def default_file(noun: str, stamp: str) -> Path:
    """Return where an export goes unless told otherwise: in the documents, named by list and time."""
    folder = expanded("~/Documents")
    if not folder.is_dir():
        with contextlib.suppress(OSError):  # a folder that was deleted under this process: then by the name alone
            folder = Path.cwd()
    return (folder if folder.is_dir() else Path()) / f"opsconsole-{noun.replace(' ', '-')}-{stamp}.jsonl"


class ExportDialog(Dialog[tuple[Path, int] | None]):
    """Answers with the file and how many rows it holds, or None. Enter is no order: what is written is a new file only."""

    DEFAULT_CSS = """
    ExportDialog { align: center middle; }
    ExportDialog #panel { width: 70; max-width: 96%; height: auto; padding: 1 2;
        background: $panel; border: round $faint; border-title-color: $primary; border-title-style: bold; }
    ExportDialog Static { height: auto; background: $panel; }
    ExportDialog #told { margin-top: 1; }
    ExportDialog Input { height: 1; border: none; padding: 0 1; margin-top: 1; background: $surface; }
    ExportDialog Input:focus { border: none; background: $cursor; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False, id="leave")]

    def __init__(self, export: ListExport[Any], file: Path) -> None:
        super().__init__()
        self._export = export
        self._file = file
        self._is_stopped = Event()
        self._is_writing = False
        self._is_over = False
        self._answer: tuple[Path, int] | None = None
        self._written = 0
        self._total: int | None = None
        self._began = 0.0

    def compose(self) -> ComposeResult:
        """Lay out what is exported, the field for the file, and what is said of it."""
        pen = cast("OpsConsoleApp", self.app).pen
        with Vertical(id="panel") as panel:
            panel.border_title = f" Export {self._export.noun} "
            first = "Everything that the filter leaves, on the screen or not."
            second = "A name that ends in .csv makes a table, any other JSON lines."
            yield Static(text_of((first, pen.ink("text")), ("\n", pen.ink("text")), (second, pen.ink("dim"))))
            yield Input(str(self._file), select_on_focus=False)
            yield Static(id="told")

    def on_mount(self) -> None:
        """Say which keys do what; once it writes, how far it is."""
        self._tell_keys()
        self.set_interval(TOLD_EVERY_S, self._tell)

    def on_unmount(self) -> None:
        """End what is being written: a console that was left finishes no file that nobody waits for."""
        self._is_stopped.set()

    def _tell_keys(self) -> None:
        pen = cast("OpsConsoleApp", self.app).pen
        self._say(
            ("Enter", pen.ink("key")),
            (" writes a new file, for you alone   ", pen.ink("dim")),
            ("Esc", pen.ink("key")),
            (" back", pen.ink("dim")),
        )

    def _say(self, *spans: Span) -> None:
        self.query_one("#told", Static).update(text_of(*spans))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text and not self._is_writing:
            self._is_writing = True
            self.query_one(Input).disabled = True
            self._began, self._written = time.monotonic(), 0
            begin(self, self._write, expanded(text), group="export")

    async def _write(self, file: Path) -> None:
        app = cast("OpsConsoleApp", self.app)
        # A thread of its own: screens go on reading, and orders are given meanwhile.
        pool = ThreadPoolExecutor(1, thread_name_prefix="console-export")
        try:
            written = await in_thread(pool, self._write_all, file)
        except ExportStopped:
            self._end(None)
            return
        except OpsError as error:
            self._is_writing = False
            field = self.query_one(Input)
            field.disabled = False
            field.focus()
            self._say((cut(str(error), 3 * TEXT_WIDTH), app.pen.ink("bad")))
            return
        finally:
            pool.shutdown(wait=False)
        self._end((file, written))

    def _end(self, answer: tuple[Path, int] | None) -> None:
        """Answer and go; where the question of leaving lies over this by now, once that is answered."""
        self._is_over, self._answer = True, answer
        self.on_screen_resume()

    def on_screen_resume(self) -> None:
        """Go, where what was to be written is written."""
        if self._is_over and self.app.screen is self:
            self.dismiss(self._answer)

    def _write_all(self, file: Path) -> int:
        if self._export.count is not None:
            self._total = self._export.count()
        return write_list(self._export, file, self._watch)

    def _watch(self, written: int) -> bool:
        self._written = written
        return not self._is_stopped.is_set()

    def _tell(self) -> None:
        if not self._is_writing or not self._written:
            return
        pen = cast("OpsConsoleApp", self.app).pen
        spent = max(0.001, time.monotonic() - self._began)
        rate = self._written / spent
        words = f"{grouped(self._written)} of {grouped(self._total)}" if self._total else grouped(self._written)
        line: list[Span] = []
        if self._total:
            line = [*pen.bar(self._written, self._total, 20), ("  ", pen.ink("dim"))]
        line += [(words, pen.ink("strong")), (pen.drawn(f" · {grouped(round(rate))}/s"), pen.ink("dim"))]
        if self._total and self._total > self._written:
            line.append((pen.drawn(f" · {left((self._total - self._written) / rate)} left"), pen.ink("dim")))
        self._say(*line, ("\n\n", pen.ink("dim")), ("Esc", pen.ink("key")), (" ends it", pen.ink("dim")))

    def action_leave(self) -> None:
        """End what is being written, or go back."""
        if self._is_writing:
            self._is_stopped.set()
        else:
            self.dismiss(None)


def ask_export(app: OpsConsoleApp, export: ListExport[Any]) -> None:
    """Ask for the file, write the list, and say where it is."""
    stamp = app.desk.now().astimezone(app.zone).strftime("%Y-%m-%d-%H%M%S")

    def written(answer: tuple[Path, int] | None) -> None:
        if answer is not None:
            file, count = answer
            app.say(f"{grouped(count)} {export.noun} written to {plain(str(file))}")

    app.push_screen(ExportDialog(export, default_file(export.noun, stamp)), written)
