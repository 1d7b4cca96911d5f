"""The processes of a contender, as the one who asks sees them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, Self, cast

import msgspec

from benchmarks.case import Contender
from benchmarks.commands import VoidError

FOREIGN = ("DOPEJAR_", "OTEL_", "LOGFIRE_", "LOGURU_")
"""Beginnings of environment variables that would change what is measured."""
ENDS = 60
"""Seconds in which a process must end when there are no more requests."""


class Process:
    """One process, `benchmarks.worker`, and its pipes; what it says on stderr is read as fast as it comes."""

    def __init__(self, contender: Contender, folder: Path, place: int) -> None:
        described = msgspec.json.encode(contender)
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", described, str(folder), str(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)},
        )
        self._requests = cast("IO[bytes]", self._popen.stdin)
        self._answers = cast("IO[bytes]", self._popen.stdout)
        self._errors = cast("IO[bytes]", self._popen.stderr)
        self._said = b""
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def ask(self, request: str) -> None:
        """Send a request; `answer` must follow."""
        try:
            self._requests.write(f"{request}\n".encode())
            self._requests.flush()
        except BrokenPipeError:
            pass  # then there will be no answer either

    def answer(self) -> Any:
        """Wait for the answer.

        Raises:
            VoidError: the process ended instead.
        """
        line = self._answers.readline()
        if not line:
            self._reader.join()
            raise VoidError(self._said.decode(errors="replace"))
        return msgspec.json.decode(line)

    def close(self) -> None:
        """Let it end, or end it."""
        self._requests.close()
        try:
            self._popen.wait(timeout=ENDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._reader.join()
        self._answers.close()
        self._errors.close()

    def _drain(self) -> None:
        while data := os.read(self._errors.fileno(), 1 << 16):
            self._said = (self._said + data)[-2_000:]


class Running:
    """All processes of a contender, from `with` to its end; each waits until it is asked."""

    def __init__(self, contender: Contender, folder: Path) -> None:
        folder.mkdir()
        self.contender = contender
        self._processes = [Process(contender, folder, place) for place in range(contender.processes)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.close()

    def round(self, times: int) -> float:
        """µs for one, of about that many: from when the first process begins until the last one ends."""
        count: int = sum(self._ask(f"ready {times}"))
        begins, ends = zip(*self._ask("go"), strict=True)
        elapsed_ns: int = max(ends) - min(begins)
        return elapsed_ns / count / 1_000

    def check(self) -> float:
        """Bytes for one, in the files.

        Raises:
            VoidError: they do not hold what was to be written.
        """
        wrong, size = self._ask("check", only_first=True)[0]
        if wrong:
            msg = f"{self.contender.label}: {wrong}: the figures are void"
            raise VoidError(msg)
        return float(size)

    def memory(self) -> tuple[float, float, int]:
        """MB in memory now, MB at most so far, and blocks that Python holds, in the first process."""
        now, peak, blocks = self._ask("memory", only_first=True)[0]
        return now, peak, blocks

    def _ask(self, request: str, *, only_first: bool = False) -> list[Any]:
        """Ask all processes at once; their answers."""
        asked = self._processes[:1] if only_first else self._processes
        for process in asked:
            process.ask(request)
        try:
            return [process.answer() for process in asked]
        except VoidError as error:
            msg = f"{self.contender.label} ended early: the figures are void\n{error}"
            raise VoidError(msg) from error
