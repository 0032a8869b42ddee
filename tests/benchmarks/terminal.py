"""A program in a pseudo-terminal: what it writes and when, what a key costs, what the process holds and burns."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

CONTROL = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z~]|\x1b[()][AB0]|\x1b[=>]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
"""Control sequences: what stands between two of them is text."""


class Terminal:
    """Reads in a thread of its own and notes when each chunk came; times are ``time.perf_counter()``."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, started: float) -> None:
        self.process = process
        self.started = started
        self._master = master
        self._chunks: list[tuple[float, bytes]] = []
        self._came = threading.Condition()
        self._is_over = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._is_over:
            try:
                readable, _, _ = select.select([self._master], [], [], 0.5)
                chunk = os.read(self._master, 1 << 16) if readable else None
            except (OSError, ValueError):
                return
            if chunk == b"":
                return
            if chunk:
                with self._came:
                    self._chunks.append((time.perf_counter(), chunk))
                    self._came.notify_all()

    def close(self) -> None:
        """Stop reading, then close: the next terminal gets this one's number, and a late reader would take its bytes."""
        self._is_over = True
        self._reader.join()
        os.close(self._master)

    def send(self, keys: bytes) -> float:
        """Press keys; return when."""
        moment = time.perf_counter()
        os.write(self._master, keys)
        return moment

    def until(self, wanted: bytes, *, since: float = 0.0, limit_s: float = 30.0) -> float:
        """Return when ``wanted`` had been written after ``since``, control sequences left out. Raises TimeoutError."""
        end = time.perf_counter() + limit_s
        with self._came:
            while True:
                text = b""
                for moment, chunk in self._chunks:
                    if moment >= since:
                        text += chunk
                        if wanted in CONTROL.sub(b"", text):
                            return moment
                left = end - time.perf_counter()
                if left <= 0 or not self._came.wait(left):
                    raise TimeoutError(f"{wanted!r} never came; last: {CONTROL.sub(b'', text)[-400:]!r}")

    def bytes_since(self, moment: float) -> int:
        """Return how much was written since."""
        with self._came:
            return sum(len(chunk) for at, chunk in self._chunks if at >= moment)

    def rest(self, quiet_s: float = 0.4, limit_s: float = 20.0) -> None:
        """Wait until nothing was written for a while, or the limit is over."""
        end = time.perf_counter() + limit_s
        with self._came:
            while time.perf_counter() < end and self._came.wait(quiet_s):
                pass

    def forget(self) -> None:
        """Let go of what was written so far."""
        with self._came:
            self._chunks.clear()

    def cpu_s(self) -> float:
        """Return the CPU time of the living threads of the program and of its children, to the microsecond."""
        return sum(_cpu_s(pid) for pid in _family(self.process.pid))

    def kill(self) -> float:
        """End the program where it stands; return all the CPU time it took, of threads that ended as well."""
        self.process.kill()
        _, status, use = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return use.ru_utime + use.ru_stime

    def memory_mb(self) -> float:
        """Return what the program and its children hold, shared pages counted in parts."""
        return sum(_pss_mb(pid) for pid in _family(self.process.pid))


@contextmanager
def terminal(
    command: Sequence[str], env: Mapping[str, str], *, columns: int = 80, rows: int = 24
) -> Iterator[Terminal]:
    """Start a program in a terminal of a size and end it afterwards."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **env},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    screen = Terminal(process, master, started)
    try:
        yield screen
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        screen.close()


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _family(int(child))
    return found


def _cpu_s(pid: int) -> float:
    """Return what the scheduler counted: ``/proc/PID/stat`` counts hundredths of a second, too coarse for a program at rest."""
    threads = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(text.split()[0]) for text in threads) / 1e9


def _pss_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.split("\nPss:")[1].split()[0]) / 1024
