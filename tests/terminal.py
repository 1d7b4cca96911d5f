"""A real pseudo-terminal, read by a terminal emulator: what a person sees, and can scroll back to."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import pyte
from helpers import PATIENT, clean_environment, wait_until

from dopejar_tracing.sinks.console import prompt

HELPERS = """
import json, os, sys, threading, time
import dopejar_tracing as t
def gate():
    # The program goes on when the test says so, and says that it waits for that.
    os.write({reached}, b"r")
    if os.read({gate}, 1) != b"g": os._exit(1)  # the test has ended
"""


class Window(pyte.HistoryScreen):
    """An emulator that minds what tmux minds: erasing all from the top left fills its history."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows, history=100_000, ratio=0.5)

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        """As a terminal does."""
        assert how or (self.cursor.y, self.cursor.x) != (0, 0)
        super().erase_in_display(how, *args, **kwargs)


class Terminal:
    """A program on a terminal of its own.

    Args:
        code: of the program; it can call `gate()`, and has `t` for dopejar_tracing.
        cwd: its folder.
        rows: of the window.
        columns: of the window.
        env: variables; by default tracing is on, without a file and without colour.
        patient: whether the console waits longer than a busy machine takes; else as long as for anybody.
    """

    MODES = pyte.HistoryScreen(80, 24).mode
    """Of an emulator that was just started."""

    def __init__(
        self,
        code: str,
        cwd: Path,
        *,
        rows: int = 24,
        columns: int = 80,
        env: Mapping[str, str] | None = None,
        patient: bool = True,
    ) -> None:
        self.screen = Window(columns, rows)
        self.raw = b""
        self.status: int | None = None
        self._stream = pyte.ByteStream(self.screen)
        gate, self._gate = os.pipe()
        self._reached, reached = os.pipe()
        for number in (gate, reached):
            os.set_inheritable(number, True)
        variables = {
            "DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_OUTPUT": "null", "TERM": "xterm-256color", "NO_COLOR": "1",
            "PYTHONUNBUFFERED": "", **(env or {}),
        }  # fmt: skip
        program = HELPERS.format(gate=gate, reached=reached) + (PATIENT if patient else "") + code
        self._leader, end = os.openpty()
        self._name = os.ttyname(end)
        self.pid = os.fork()
        if self.pid == 0:
            os.login_tty(end)
            for number in (signal.SIGINT, signal.SIGTSTP, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            os.chdir(cwd)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(sys.executable, [sys.executable, "-c", program], clean_environment(variables))
        for number in (end, gate, reached):
            os.close(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for number in (self._leader, self._gate, self._reached):
            os.close(number)
        if not self.reaped():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    @property
    def shown(self) -> str:
        """What is in the window, without what is empty at its end."""
        return _text(line.rstrip() for line in self.screen.display)

    @property
    def text(self) -> str:
        """All that can be scrolled back to, and the window."""
        above = (
            "".join(line[at].data for at in range(self.screen.columns)).rstrip()
            for line in self.screen.history.top
        )
        return _text([*above, *(line.rstrip() for line in self.screen.display)])

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column."""
        return self.screen.cursor.y, self.screen.cursor.x

    def shows(self, name: str, *, whole: bool = False, edit: Callable[[str], str] = str) -> None:
        """Wait until the window, or with `whole` all there is to scroll back to, is what was blessed."""

        def seen() -> str:
            return timeless(edit(self.text if whole else self.shown))

        if not os.environ.get("BLESS"):
            deadline = time.monotonic() + 60
            while seen() != blessed(name) and time.monotonic() < deadline and self.read(0.02):
                pass
        else:
            self.watch(0.5)
        golden(name, seen())

    def stands(self, row: int, column: int) -> None:
        """Wait until the cursor is there."""
        self.until(lambda: self.cursor == (row, column))

    def comes(self, seen: Callable[[], str], expected: str) -> None:
        """Wait until what is seen is what is expected, be it drawn in however many parts."""
        deadline = time.monotonic() + 60
        while seen() != expected and time.monotonic() < deadline and self.read(0.02):
            pass
        assert seen() == expected

    def gated(self) -> Terminal:
        """Wait until the program has come to its first gate."""
        return self.until(lambda: select.select([self._reached], [], [], 0)[0])

    def asking(self) -> Terminal:
        """Wait until the program waits for what is typed: what is typed before is not typed at its prompt."""
        return self.until(lambda: reads_its_input(self.pid))

    def noticed(self, line: str) -> Terminal:
        """Wait until the console has noticed a prompt: then it shows nothing that is older."""
        for _ in range(2):  # between two parts of a frame it looks the same for a moment
            self.until(lambda: self.shown == f"{line}\n").watch(0.2)
        return self.asking()

    def stop(self) -> None:
        """Press Ctrl-S, and wait until nothing can be written any more."""
        self.type("\x13")
        end = os.open(self._name, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        poll = select.poll()
        poll.register(end, select.POLLOUT)
        try:
            wait_until(lambda: not poll.poll(0))
        finally:
            os.close(end)

    def go(self) -> None:
        """Let the program pass its gate."""
        os.write(self._gate, b"g")

    def type(self, text: str) -> None:
        """Type at the keyboard."""
        os.write(self._leader, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Make the window larger or smaller."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def until(self, there: Callable[[], Any] | str, seconds: float = 60) -> Terminal:
        """Read until something is there, or a text is shown; the test fails if it does not come in time."""
        wanted = (lambda: there in self.text) if isinstance(there, str) else there
        deadline = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < deadline, f"waited in vain; on the terminal:\n{self.text}"
            if not self.read(0.02):
                time.sleep(0.02)
        return self

    def read(self, seconds: float) -> bool:
        """Read what comes within that time; False if the program has closed the terminal."""
        if select.select([self._leader], [], [], seconds)[0]:
            try:
                data = os.read(self._leader, 65536)
            except OSError:  # nobody has it open any more
                return False
            self.raw += data
            self._stream.feed(data)
        return True

    def watch(self, seconds: float) -> Terminal:
        """Read for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.read(0.02):
            pass
        return self

    def ended(self, seconds: float = 60) -> int:
        """Read until the program has ended; its exit status, negative for a signal."""
        deadline = time.monotonic() + seconds
        while self.read(0.1):
            assert time.monotonic() < deadline, f"does not end; on the terminal:\n{self.text}"
        while not self.reaped():
            time.sleep(0.01)
        assert self.status is not None
        return os.waitstatus_to_exitcode(self.status)

    def reaped(self) -> bool:
        """Whether the program has ended; then nobody else may be asked for by its number."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None


def reads_its_input(pid: int) -> bool:
    """Whether a process is blocked in reading from its standard input; where nobody can say so, it may be."""
    return _waits_in(pid) in {(prompt._READ, "0x0"), (prompt._SELECT, "0x1"), None}


def reads_a_file(pid: int) -> bool:
    """The same of any other file."""
    call = _waits_in(pid)
    return call is None or (call[0] == prompt._READ and call[1] != "0x0")


def _waits_in(pid: int) -> tuple[bytes, str] | None:
    """The system call that a process is in, and its first argument; None where nobody can say."""
    if not prompt._READ or not Path("/proc/self/syscall").exists():
        return None
    try:
        call, first = Path(f"/proc/{pid}/syscall").read_text().split()[:2]
    except (OSError, ValueError):  # it has ended; or it is running just now
        return b"", ""
    return call.encode(), first


def _text(lines: Any) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def timeless(text: str) -> str:
    """The picture with its times, and the spinner's position, left out."""
    text = re.sub(r"(?<=[( ])\d[\d.]*(?:µs|ms|s|m\d\ds)(?=\)|$)", "T", text, flags=re.MULTILINE)
    return re.sub("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "*", text)


def squeezed(text: str) -> str:
    """The picture without white space, whose rows may have been broken anywhere; without times as well."""
    return timeless(re.sub(r"\s+", "", text))


def golden(name: str, text: str) -> None:
    """Hold a text against tests/golden/NAME.txt; `make bless` writes it anew."""
    if os.environ.get("BLESS"):
        path = _golden(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == blessed(name), f"{name}: not as blessed; see `make bless`"


def blessed(name: str) -> str:
    """The text of tests/golden/NAME.txt."""
    return _golden(name).read_text("utf-8")


def _golden(name: str) -> Path:
    return Path(__file__).parent / "golden" / f"{name}.txt"
