"""Whole commands, timed as processes, and checked: one that does not find what is there gives no figures."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import os
import platform
import pty
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

_LAUNCHER = """\
import os, sys, time
began = time.perf_counter()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(process, 0)
with open(sys.argv[1], "w") as report:
    print(began, time.perf_counter(), used.ru_maxrss, file=report)
"""
"""Starts a command: what a process has in memory counts for what it starts, so that must be small."""


class VoidError(Exception):
    """A command did not find what is there."""


class Command(NamedTuple):
    """What is run.

    Attributes:
        words: of the command.
        check: what it wrote → what was found in it.
        expected: what that must be.
        on_terminal: its stdout is a pseudo-terminal.
    """

    words: Sequence[str]
    check: Callable[[Path], object]
    expected: object
    on_terminal: bool = False


class Run(NamedTuple):
    """What one run took."""

    seconds: float
    first: float
    """Seconds until the first byte came."""
    megabytes: float
    """At most in memory at once; never less than the launcher's 10 or so."""


class Timed(NamedTuple):
    """All runs of a command."""

    runs: Sequence[Run]

    @property
    def best(self) -> float:
        """Seconds of the run that was least disturbed."""
        return min(run.seconds for run in self.runs)

    @property
    def median(self) -> float:
        """Seconds of all."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def first(self) -> float:
        """Seconds until the first byte, of the run where it came soonest."""
        return min(run.first for run in self.runs)

    @property
    def megabytes(self) -> float:
        """Of the run that took most."""
        return max(run.megabytes for run in self.runs)


class Bench:
    """Runs commands, and keeps what a table needs.

    Attributes:
        folder: for what the commands write.
        missed: what had to hold and did not.
        rounds: of which the figures are.
    """

    def __init__(self, folder: Path, rounds: int) -> None:
        self.folder = folder
        self.missed: list[str] = []
        self.rounds = rounds
        home = folder / "home"
        home.mkdir(exist_ok=True)
        self._environment = {"HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self._environment["PATH"] = os.environ["PATH"]  # and nothing else that changes how they run

    def measure(self, commands: Mapping[str, Command], rounds: int | None = None) -> dict[str, Timed]:
        """Every command once in each round, in an order that turns; the first round warms up and is left out.

        Args:
            commands: by their names.
            rounds: of which the figures are; a single one is not warmed up for.
        """
        rounds = rounds or self.rounds
        names = list(commands)
        runs: dict[str, list[Run]] = {name: [] for name in names}
        for number in range(rounds + (rounds > 1)):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                runs[name].append(self._checked(commands[name]))
        return {name: Timed(runs[name][-rounds:]) for name in names}

    def hold(self, name: str, value: float, most: float) -> str:
        """A figure of the table; one that is more than it must be is marked, and the run has failed."""
        if value <= most:
            return f"{value:.2f}"
        self.missed.append(f"{name}: {value:.2f}, at most {most:g}")
        return f"**{value:.2f}**"

    def _checked(self, command: Command) -> Run:
        output = self.folder / "output"
        with output.open("wb") as file, (self.folder / "stderr").open("wb") as errors:
            run = _run(command, self._environment, file, errors)
        found = command.check(output)
        if found != command.expected:
            said = (self.folder / "stderr").read_text(errors="replace")[-500:]
            msg = f"{' '.join(command.words)[:300]}\nfound {found}, not {command.expected}: void\n{said}"
            raise VoidError(msg)
        return run


def _run(command: Command, environment: Mapping[str, str], file: IO[bytes], errors: IO[bytes]) -> Run:
    """Run it by way of the launcher; the clock is the same in all processes."""
    reader, writer = pty.openpty() if command.on_terminal else os.pipe()
    with tempfile.NamedTemporaryFile() as report:
        words = [sys.executable, "-IS", "-c", _LAUNCHER, report.name, *command.words]
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=writer, stderr=errors, env=environment
        )
        os.close(writer)
        first = 0.0
        for data in _received(reader):
            first = first or time.perf_counter()
            file.write(data)
        process.wait()
        os.close(reader)
        began, ended, peak = map(float, report.read().split())
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(ended - began, (first or ended) - began, peak * unit / 1e6)


def _received(reader: int) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # how a pseudo-terminal ends
        while data := os.read(reader, 1 << 20):
            yield data


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as Markdown; all columns but the first are numbers."""
    lines = [f"| {' | '.join(head)} |", f"|---{'|--:' * (len(head) - 1)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print it."""
    print(f"\n{markdown(head, rows)}", flush=True)


def figures(took: Timed) -> list[str]:
    """Seconds, best and median, and megabytes."""
    return [f"{took.best:.2f}", f"{took.median:.2f}", f"{took.megabytes:.0f}"]


def machine(*tools: str) -> str:
    """What it ran on, and with: the versions of these packages and programs."""
    versions = {name: version(name) for name in tools}
    found = ", ".join(f"{name} {version or 'not installed'}" for name, version in versions.items())
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {platform.system()},"
        f" CPython {platform.python_version()}, {found}."
    )


def _processor() -> str:
    with contextlib.suppress(OSError):
        match = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
        if match:
            return match[1]
    return platform.machine()


def version(name: str) -> str:
    """Of a package, or of a program; empty if it is not installed."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(name)
    if shutil.which(name) is None:
        return ""
    said = subprocess.run([name, "--version"], capture_output=True, text=True, check=False).stdout
    return said.strip().removeprefix(name).lstrip("- ")


def main(name: str, about: str | None, run: Callable[[Bench, Sequence[int]], None]) -> None:
    """Measure and print, as a command; exit status 1 if something that must hold was missed.

    Args:
        name: of the module.
        about: it, for its help.
        run: all tables, for files of so many lines.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=about)
    parser.add_argument(
        "--folder", type=Path, help="where the files stay; without it they are temporary (4 GB)"
    )
    parser.add_argument("--lines", type=int, nargs="+", default=[1_000, 1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(folder, options.rounds)
        try:
            run(bench, options.lines)
        except VoidError as error:
            sys.exit(str(error))
    if bench.missed:
        sys.exit("missed: " + "; ".join(bench.missed))
