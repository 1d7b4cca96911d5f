"""The example assistant, driven as a person would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from examples.driver import (
    CONVERSATIONS,
    EVERYTHING,
    EXAMPLES,
    Terminal,
    converse,
    files_in,
    journal,
    said_in,
    state,
    tear,
)
from helpers import clean_environment, read_lines, wait_until

SEED_TREE = re.compile(
    r"^( .*)[├└]─\[alt\] transition: L3→L2 → success \(\d[\d.]*\w*\)\n"
    r"\1[│ ] +└─\[foc\] gate_check: WriteApprovalGate → allowed \(\d[\d.]*\w*\)\n"
    r"\1[│ ]     +└─\[mem\] write: altitude\.session → written \(\d[\d.]*\w*\) \[saved [1-9]\d* tokens\]\n",
    re.MULTILINE,
)
PLAN = "Let's plan the week for the launch project, please"


class TestPiped:
    """Lines on standard input."""

    def test_seeds_tree(self, tmp_path: Path) -> None:
        """One typed line yields one tree, with the seed's three lines in it, out of real work."""
        done = converse(tmp_path, f"{PLAN}\n", "--trace")
        assert done.returncode == 0
        assert SEED_TREE.search(done.stderr)
        lines = read_lines(tmp_path / "trace.jsonl")
        parents = {line["trace_id"]: line for line in lines}
        write = next(line for line in lines if line["input_summary"] == "altitude.session")
        gate = parents[write["parent_id"]]
        transition = parents[gate["parent_id"]]
        (root,) = (line for line in lines if line["parent_id"] is None)
        assert [(line["operation"], line["component"]) for line in (root, transition, gate, write)] == [
            ("turn", "assistant.py"),
            ("transition", "altitude.py"),
            ("gate_check", "gates.py"),
            ("write", "manager.py"),
        ]
        kept = json.loads((tmp_path / "memory/warm/altitude.json").read_text("utf-8"))["session"]
        assert kept == {"level": "L2", "said": "plan week launch project"}
        assert write["metadata"]["tokens_saved"] == len(f"L2{PLAN}") // 4 - len(f"L2{kept['said']}") // 4

    def test_untraced(self, tmp_path: Path) -> None:
        """With tracing off, output and memory are the same, byte for byte, and no file appears."""
        traced, untraced = tmp_path / "traced", tmp_path / "untraced"
        for name in CONVERSATIONS:
            if name == "torn":
                tear(traced)
                tear(untraced)
            loud = converse(traced, said_in(name), *EVERYTHING)
            silent = converse(untraced, said_in(name))
            assert silent.stdout == loud.stdout
            assert (silent.returncode, silent.stderr) == (0, "")
        assert files_in(traced / "memory") == files_in(untraced / "memory")
        assert [path.name for path in untraced.iterdir()] == ["memory"]

    def test_any_bytes(self, tmp_path: Path) -> None:
        """Bytes that are no text are taken as well as may be."""
        done = subprocess.run(
            [sys.executable, "-m", "the_assist.main", "--memory", str(tmp_path)],
            cwd=EXAMPLES, input=b"plan \xff\x00 this\n/quit\nnot heard\n", capture_output=True, timeout=300,
            env=clean_environment(),
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"On the list" in done.stdout
        assert b"not heard" not in done.stdout

    def test_wrong_start(self, tmp_path: Path) -> None:
        """What it cannot start with is named, without a traceback."""
        (tmp_path / "bad.yaml").write_text("tracing:\n  levle: info\n")
        wrong = converse(tmp_path, "", "--settings", str(tmp_path / "bad.yaml"))
        assert wrong.returncode == 2
        assert "bad.yaml: tracing.levle: unknown key" in wrong.stderr
        (tmp_path / "memory").mkdir()
        (tmp_path / "memory/state.json").write_text('{"turn": 3')
        torn = converse(tmp_path, "")
        assert torn.returncode == 2
        assert torn.stderr.endswith("error: memory/state.json cannot be read\n")


class TestDecisions:
    """What a person notices of its rules."""

    def test_ground(self, tmp_path: Path) -> None:
        """Down goes only what stands on an established level; what is said higher up unsettles it."""
        converse(tmp_path, "Finish it now\nPlan the week\nFinish it now\nWho are we?\nPlan the week\n")
        levels = [
            (entry["before"], entry["after"], entry["verdict"])
            for entry in journal(tmp_path)
            if entry["kind"] == "level"
        ]
        assert levels == [
            ("L3", "L1", "blocked"), ("L3", "L2", "changed"), ("L2", "L1", "changed"),
            ("L1", "L4", "changed"), ("L4", "L2", "blocked"), ("L4", "L3", "changed"),
        ]  # fmt: skip

    def test_revoked(self, tmp_path: Path) -> None:
        """A revoked consent outlives the process, and nothing is kept until it is granted again."""
        converse(tmp_path, "/remember tea green\n/consent off\n")
        done = converse(
            tmp_path, "/remember tea black\n/recall tea\n/consent on\n/remember tea white\n/recall tea\n"
        )
        replies = [line for line in done.stdout.splitlines() if not line.startswith("you> ")]
        assert replies[:2] == ["I may not keep that.", "I remember: green"]
        assert replies[3:] == ["Noted under tea.", "I remember: white"]

    def test_tiers(self, tmp_path: Path) -> None:
        """What is read often comes near, what is not used goes far, and is found there again."""

        def tier(said: str) -> str:
            converse(tmp_path, said)
            place: str = state(tmp_path)["places"]["notes.tea"]["tier"]
            assert [
                path.parent.name for path in tmp_path.glob("memory/*/notes.json") if "tea" in path.read_text()
            ] == [place]
            return place

        assert tier("/remember tea green\n") == "warm"
        assert tier("/recall tea\n" * 3) == "hot"
        assert tier("/lanes\n" * 3) == "warm"
        assert tier("/lanes\n" * 6) == "cold"
        done = converse(tmp_path, "/recall tea\n")
        assert "I remember: green" in done.stdout
        assert tier("") == "warm"

    def test_torn(self, tmp_path: Path) -> None:
        """A torn file is never overwritten, only set aside when the person says so."""
        converse(tmp_path, "/remember tea green\n")
        notes = tmp_path / "memory/warm/notes.json"
        notes.write_text('{"tea": {"said": "gre')
        done = converse(tmp_path, "/recall tea\n/remember milk warm\n")
        assert done.stdout.count("warm/notes.json cannot be read") == 2
        assert notes.read_text() == '{"tea": {"said": "gre'
        done = converse(tmp_path, "/mend\n/recall tea\n/remember milk warm\n/recall milk\n")
        assert "lost with what could not be read: 1." in done.stdout
        assert "I remember nothing of that." in done.stdout
        assert "I remember: warm" in done.stdout
        assert notes.with_suffix(".torn").read_text() == '{"tea": {"said": "gre'


class TestByHand:
    """A person at a terminal."""

    def test_prompt(self, tmp_path: Path) -> None:
        """The tree stands above the next prompt, which is free to type at; Ctrl-D ends cleanly."""
        terminal = Terminal(tmp_path, "--trace")
        terminal.prompted()
        screen = terminal.say("Let's plan the week, please")
        assert SEED_TREE.search(screen)
        assert screen.endswith("At L2, operations. On the list of main.\nyou> ")
        terminal.type("\x04")
        assert terminal.ended() == 0
        assert read_lines(tmp_path / "trace.jsonl")[-1]["operation"] == "turn"

    def test_interrupt(self, tmp_path: Path) -> None:
        """Ctrl-C at the prompt ends it cleanly, without a traceback."""
        terminal = Terminal(tmp_path, "--trace")
        terminal.prompted()
        terminal.type("\x03")
        assert terminal.ended() == 0
        assert "Traceback" not in terminal.screen

    def test_interrupted_turn(self, tmp_path: Path) -> None:
        """Ctrl-C in the middle of a turn ends it cleanly too, and its tree says where it stood."""
        converse(tmp_path, "/remember tea green\n")
        notes = tmp_path / "memory/warm/notes.json"
        notes.unlink()
        os.mkfifo(notes)  # whoever reads it waits
        terminal = Terminal(tmp_path, *EVERYTHING)
        terminal.prompted()
        terminal.type("/recall tea\n")
        writer: list[int] = []
        wait_until(lambda: _reader_waits(notes, writer))
        terminal.reading()
        terminal.type("\x03")
        assert terminal.ended() == 0
        os.close(writer[0])
        assert "Traceback" not in terminal.screen
        assert re.search(
            r"\[sys\] turn: /recall tea → error .*\n  └─\[mem\] read: notes.tea → error", terminal.screen
        )
        read, turn = read_lines(tmp_path / "trace.jsonl")
        assert all(line["metadata"]["interrupted"] for line in (read, turn))


def _reader_waits(fifo: Path, writer: list[int]) -> bool:
    """Whether somebody reads the pipe; then it is held open, so that they go on waiting."""
    try:
        writer.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:  # ENXIO: nobody there
        return False
    return True
