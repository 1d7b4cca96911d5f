"""Drives the example assistant as a person would: through a pipe, and at a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers import PATIENT, ROOT, clean_environment, wait_until
from terminal import reads_a_file, reads_its_input

EXAMPLES = ROOT / "examples"
CONVERSATIONS = ("first", "lanes", "stakes", "torn")
EVERYTHING = ("--trace", "--settings", "everything.yaml")
PROMPT = "you> "

PROGRAM = f"""{PATIENT}
import runpy
runpy.run_module("the_assist.main", run_name="__main__", alter_sys=True)
"""
"""The assistant, whose console waits longer than a busy machine takes."""

Entry = dict[str, Any]


def said_in(conversation: str) -> str:
    """What the person says there."""
    return (EXAMPLES / "conversations" / f"{conversation}.txt").read_text("utf-8")


def converse(folder: Path, said: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Pipe a conversation into the assistant, which keeps everything in the folder."""
    return subprocess.run(
        _command(folder, arguments), cwd=EXAMPLES, input=said, capture_output=True, text=True, timeout=300,
        env=_environment(folder),
    )  # fmt: skip


def tear(folder: Path) -> None:
    """Tear the memory files that the demo tears."""
    for path in [folder / "memory/warm/notes.json", *(folder / "memory").glob("*/lanes.json")]:
        path.write_text('{"torn')


def journal(folder: Path) -> list[Entry]:
    """What the assistant itself says that it decided."""
    return [json.loads(line) for line in (folder / "memory/journal.jsonl").read_text("utf-8").splitlines()]


def state(folder: Path) -> dict[str, Any]:
    """What the assistant is."""
    loaded: dict[str, Any] = json.loads((folder / "memory/state.json").read_text("utf-8"))
    return loaded


def files_in(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def _command(folder: Path, arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "the_assist.main", "--memory", str(folder / "memory"), *arguments]


def _environment(folder: Path, **more: str) -> dict[str, str]:
    return clean_environment({"DOPEJAR_TRACE_OUTPUT": str(folder / "trace.jsonl"), **more})


class Terminal:
    """The assistant on a pseudo-terminal."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.screen = ""
        environment = _environment(folder, TERM="xterm-256color", NO_COLOR="1")
        _, _, _, *named = _command(folder, arguments)
        command = [sys.executable, "-c", PROGRAM, *named]
        self._pid, self._leader = pty.fork()
        if self._pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job has it ignored
            os.chdir(EXAMPLES)
            os.execve(command[0], command, environment)

    def type(self, text: str) -> None:
        """Type at the keyboard."""
        os.write(self._leader, text.encode())

    def say(self, line: str) -> str:
        """Type a line at the prompt and wait for the next one; returns what came between."""
        shown = len(self.screen)
        self.type(f"{line}\n")
        return self.until(lambda screen: screen[shown:].endswith(f"\n{PROMPT}"))[shown:]

    def until(self, there: Callable[[str], object]) -> str:
        """Read until the screen shows something; returns all that it showed."""
        deadline = time.monotonic() + 60
        while not there(self.screen):
            assert time.monotonic() < deadline, self.screen
            if select.select([self._leader], [], [], 1)[0]:
                try:
                    self.screen += os.read(self._leader, 65536).decode().replace("\r\n", "\n")
                except OSError:  # nobody has the terminal open any more
                    break
        return self.screen

    def prompted(self) -> None:
        """Wait for the first prompt, and until what is typed there is read.

        Python's `input` misses an interrupt that comes between its prompt and its read.
        """
        self.until(lambda screen: screen.endswith(PROMPT))
        wait_until(lambda: reads_its_input(self._pid))

    def reading(self) -> None:
        """Wait until it waits for a file that it reads: Python misses an interrupt that comes just before."""
        wait_until(lambda: reads_a_file(self._pid))

    def ended(self) -> int:
        """Exit status, once the assistant has ended."""
        self.until(lambda _: False)
        os.close(self._leader)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
