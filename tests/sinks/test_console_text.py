"""Texts of strangers on a real terminal: nothing that was traced acts on it, or moves what is beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from terminal import Terminal

CORPUS = [
    "\x1b]0;title\x07", "\x1b]2;title\x1b\\", "\x1b]52;c;cm0gLXJm\x07",
    "\x1b]8;;http://x\x07link\x1b]8;;\x07", "\x1b[2J", "\x1b[H", "\x1b[10A", "\x1b[999;999H",
    "\x1b[31;41;1m", "\x1b[?25l", "\x1b[?1049h", "\x1b[?7l", "\x1b[?1000h", "\x1b[?2004h", "\x1b[20h",
    "\x1b[4h", "\x1b[2;3r", "\x1b[6n", "\x1b[c", "\x1b[>c", "\x1b[21t", "\x1b7", "\x1b8", "\x1bc",
    "\x1bD", "\x1bM", "\x1bE", "\x1bH", "\x1b#8", "\x1b(0", "\x1b)0", "\x1b%G", "\x1b=",
    "\x1bP1$r0m\x1b\\", "\x1b_apc\x1b\\", "\x1b^pm\x1b\\", "\x1bX sos\x1b\\", "\x1b", "\x1b[",
    "\x1b]0;open", "\x9b31m", "\x9d0;title\x9c", "\x90q\x9c", "\x84", "\x85", "\x8d", "\x98", "\x9e",
    "\x9f", "\x00", "\x05", "\x07", "\x08" * 200, "\t", "\n", "\r", "\x0b", "\x0c", "\x0e", "\x0f",
    "\x7f" * 200, "\x18", "\x1a", "\u202egnp.exe",
    "\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    "\u2028\u2029\u200b\u200d\u2060\ufeff\xad", "\U000e0041\U000e0042\U000e007f", "\ufff9\ufffa\ufffb",
    "[bold red]markup[/] [link=x] :smile:", "%s %d {} {0} \\e[31m", "日本語の要約", "👩‍👩‍👧‍👦 👍🏽 🇫🇷 ❤️", "é",
    "e\u0301", "\u0301leading", "Z" + "\u0300\u0316\u0489" * 40, "ａｂｃ", "สวัสดี", "שלום عربى", "\ud800",
    "\udcff", "x" * 5_000, "→" * 500, "日" * 500,
]  # fmt: skip
CODE = """
import struct
pieces = open({fifo!r}, "rb", buffering=0)
def texts():
    while head := pieces.read(4):
        data = b""
        while len(data) < struct.unpack("I", head)[0]:
            data += pieces.read(struct.unpack("I", head)[0] - len(data))
        yield json.loads(data)
for number, (text, live) in enumerate(texts()):
    with t.bind_trace("altitude", f"op{{text}}", input=text) as span:
        span.set_output(text)
        t.trace_event(text, text, text, input=text, output=text, status="blocked", reason=text)
        t.trace_event("focus", "fails", input=text, status="error", error=text, error_at=text)
        if live:
            gate()
    print(f"end{{number}}", flush=True)
"""


class Victim:
    """A program that traces the texts that it is told, on a terminal."""

    def __init__(self, folder: Path) -> None:
        fifo = folder / "texts"
        os.mkfifo(fifo)
        self.terminal = Terminal(CODE.format(fifo=str(fifo)), folder, env={"NO_COLOR": "", "TERM": "xterm"})
        self.texts = fifo.open("wb", buffering=0)
        self._count = 0

    def trace(self, text: str, *, live: bool = False) -> None:
        """Have a text traced, and hold the terminal against what it was."""
        screen = self.terminal.screen
        screen.reset()
        before = self.state()
        data = json.dumps([text, live]).encode()
        self.texts.write(len(data).to_bytes(4, "little") + data)
        if live:
            try:  # what is written at once may be read in parts
                self.terminal.until(lambda: any(row.startswith("[alt] o") for row in screen.display))
                self.terminal.until(lambda: (self.state(), self.terminal.cursor[1]) == (before, 0))
            finally:
                self.terminal.go()
        self.terminal.until(lambda: f"end{self._count}" in "".join(screen.display))
        self._count += 1
        self.terminal.until(lambda: (self.state(), self.terminal.cursor[1]) == (before, 0))
        rows = [row.rstrip() for row in screen.display]
        assert rows[self.terminal.cursor[0] - 1] == f"end{self._count - 1}"

    def state(self) -> tuple[Any, ...]:
        """All that a text must not change: title, modes, colours, margins, character sets, tab stops."""
        screen = self.terminal.screen
        look = screen.cursor.attrs._replace(data="")
        return (
            screen.title, screen.icon_name, set(screen.mode), look, screen.cursor.hidden, screen.margins,
            screen.charset, screen.g0_charset, screen.g1_charset, set(screen.tabstops),
        )  # fmt: skip


@pytest.fixture(scope="class")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """One program for all texts."""
    victim = Victim(tmp_path_factory.mktemp("victim"))
    with victim.terminal, victim.texts:
        yield victim


class TestHostileText:
    """Every field holds the text."""

    @pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
    def test_corpus(self, victim: Victim, text: str) -> None:
        """Escape sequences, controls, reordering, markup, marks, wide characters leave all as it was."""
        victim.trace(text)

    @pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
    def test_corpus_live(self, victim: Victim, text: str) -> None:
        """So they do in the live region."""
        victim.trace(text, live=True)

    @settings(
        max_examples=150,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        st.text(st.characters(exclude_categories=()), max_size=60)
        | st.lists(st.sampled_from(CORPUS), max_size=4).map("".join)
    )
    def test_any(self, victim: Victim, text: str) -> None:
        """So does any text."""
        victim.trace(text)
