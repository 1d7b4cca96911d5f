"""The example assistant, driven as a person would."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from helpers import ROOT, clean_environment, read_lines

EXAMPLES = ROOT / "examples"
FIRST = EXAMPLES / "conversations" / "first.txt"
SEED_TREE = re.compile(
    r"\[alt\] transition: L3→L2 → success \(\d+\w*\)\n"
    r"  └─\[foc\] gate_check: WriteApprovalGate → allowed \(\d+\w*\)\n"
    r"      └─\[mem\] write: altitude\.session → written \(\d+\w*\) \[saved \d+ tokens\]\n"
)


def converse(folder: Path, said: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Pipe a conversation into the assistant, which keeps everything in the folder."""
    return subprocess.run(
        [sys.executable, "-m", "the_assist.main", "--memory", str(folder / "memory"), *arguments],
        cwd=EXAMPLES, input=said, capture_output=True, text=True, timeout=60,
        env=clean_environment({"DOPEJAR_TRACE_OUTPUT": str(folder / "trace.jsonl")}),
    )  # fmt: skip


class TestPiped:
    """Lines on standard input."""

    def test_seeds_tree(self, tmp_path: Path) -> None:
        """One typed line yields the seed's three-line tree, out of real work."""
        done = converse(tmp_path, "Let's plan the week for the launch project, please\n", "--trace")
        assert done.returncode == 0
        assert SEED_TREE.fullmatch(done.stderr)
        write, gate, transition = read_lines(tmp_path / "trace.jsonl")
        assert [line["component"] for line in (transition, gate, write)] == [
            "altitude.py",
            "gates.py",
            "manager.py",
        ]
        kept = json.loads((tmp_path / "memory" / "altitude.json").read_text("utf-8"))["session"]
        assert kept == {"level": "L2", "said": "plan week launch project,"}
        assert write["metadata"]["tokens_saved"] == (
            len("L2Let's plan the week for the launch project, please") // 4
        ) - (len("L2plan week launch project,") // 4)

    def test_conversation(self, tmp_path: Path) -> None:
        """The conversation of the demo: each change of level, and a denied gate with nothing under it."""
        done = converse(tmp_path, FIRST.read_text("utf-8"), "--trace")
        lines = read_lines(tmp_path / "trace.jsonl")
        assert [line["input_summary"] for line in lines if line["operation"] == "transition"] == [
            "L3→L2", "L2→L1", "L1→L3", "L3→L4",
        ]  # fmt: skip
        (denied,) = [line for line in lines if line["status"] == "blocked"]
        assert denied["metadata"]["reason"] == "consent was revoked"
        assert not [line for line in lines if line["parent_id"] == denied["trace_id"]]
        assert "[blocked: consent was revoked]" in done.stderr

    def test_untraced(self, tmp_path: Path) -> None:
        """With tracing off the output is the same, byte for byte, and no file appears."""
        said = FIRST.read_text("utf-8")
        traced = converse(tmp_path, said, "--trace")
        (tmp_path / "trace.jsonl").unlink()
        (tmp_path / "memory" / "altitude.json").unlink()
        untraced = converse(tmp_path, said)
        assert untraced.stdout == traced.stdout
        assert untraced.stderr == ""
        assert not (tmp_path / "trace.jsonl").exists()


class Terminal:
    """The assistant on a pseudo-terminal."""

    def __init__(self, folder: Path) -> None:
        self.screen = ""
        environment = clean_environment(
            {"DOPEJAR_TRACE_OUTPUT": str(folder / "trace.jsonl"), "TERM": "xterm-256color", "NO_COLOR": "1"}
        )
        command = [sys.executable, "-m", "the_assist.main", "--trace", "--memory", str(folder / "memory")]
        self._pid, self._leader = pty.fork()
        if self._pid == 0:
            os.chdir(EXAMPLES)
            os.execve(command[0], command, environment)

    def type(self, text: str) -> None:
        """Type at the keyboard."""
        os.write(self._leader, text.encode())

    def until(self, there: Callable[[str], object], idle: str = "") -> str:
        """Read until the screen shows something; returns all that it showed.

        Args:
            there: whether it does.
            idle: a key to press when nothing has happened for a second.
        """
        deadline = time.monotonic() + 20
        while not there(self.screen):
            assert time.monotonic() < deadline, self.screen
            if not select.select([self._leader], [], [], 1)[0]:
                self.type(idle)
            else:
                try:
                    self.screen += os.read(self._leader, 65536).decode().replace("\r\n", "\n")
                except OSError:  # nobody has the terminal open any more
                    break
        return self.screen

    def ended(self, pressing: str = "") -> int:
        """Exit status, once the assistant has ended.

        Args:
            pressing: a key; pressed again if nothing happens, as a person would, since Python's `input`
                misses an interrupt that comes between its prompt and its read.
        """
        self.type(pressing)
        self.until(lambda _: False, idle=pressing)
        os.close(self._leader)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


class TestByHand:
    """A person at a terminal."""

    def test_prompt(self, tmp_path: Path) -> None:
        """The tree stands above the next prompt, which is free to type at; Ctrl-D ends cleanly."""
        terminal = Terminal(tmp_path)
        terminal.until(lambda screen: screen.endswith("you> "))
        terminal.type("Let's plan the week\n")
        screen = terminal.until(lambda screen: screen.count("you> ") == 2 and screen.endswith("you> "))
        assert SEED_TREE.search(screen)
        assert screen.endswith("Now at L2, operations.\nyou> ")
        terminal.type("\x04")
        assert terminal.ended() == 0
        assert len(read_lines(tmp_path / "trace.jsonl")) == 3

    def test_interrupt(self, tmp_path: Path) -> None:
        """Ctrl-C at the prompt ends it cleanly, without a traceback."""
        terminal = Terminal(tmp_path)
        terminal.until(lambda screen: screen.endswith("you> "))
        assert terminal.ended(pressing="\x03") == 0
        assert "Traceback" not in terminal.screen
