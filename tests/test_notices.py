"""What the tracing itself has to say, on stderr."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from contextlib import redirect_stderr
from typing import TextIO

import pytest

from dopejar_tracing.notices import Losses, say


def closed() -> io.StringIO:
    """A stream that was closed."""
    stream = io.StringIO()
    stream.close()
    return stream


def said(speak: Callable[[], None]) -> list[str]:
    """The lines that come to stderr meanwhile."""
    with redirect_stderr(io.StringIO()) as stream:
        speak()
    return stream.getvalue().splitlines(keepends=True)


class TestSay:
    """One line."""

    @pytest.mark.parametrize("text", ["the disk is full", "the\ndisk\r\nis\nfull"])
    def test_line(self, text: str) -> None:
        """A notice is one line that names its source."""
        assert said(lambda: say(text)) == ["dopejar_tracing: the disk is full\n"]

    def test_at_once(self) -> None:
        """It is there at once, also where stderr is a file."""
        file = io.BytesIO()
        with redirect_stderr(io.TextIOWrapper(file)):
            say("now")
            assert file.getvalue() == b"dopejar_tracing: now\n"

    @pytest.mark.parametrize("stream", [None, closed(), io.TextIOWrapper(io.BytesIO(), "ascii")])
    def test_no_stderr(self, stream: TextIO | None) -> None:
        """Without a stderr that takes it, nobody is told and nothing fails."""
        with redirect_stderr(stream):
            say("déjà vu")


class TestLosses:
    """What could not be delivered."""

    def test_first_at_once(self) -> None:
        """The first loss is told with its reason, the others are only counted."""
        losses = Losses("trace.jsonl")

        def lose() -> None:
            for why in ("no room", "no room", "other"):
                losses.add(why)

        assert said(lose) == [
            "dopejar_tracing: trace.jsonl: no room; lines are being lost, the application goes on\n"
        ]
        assert losses.count == 3

    @pytest.mark.parametrize(
        ("why", "reason"),
        [
            (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x"), os.strerror(errno.ENOSPC)),
            (OSError("odd"), "odd"),
            (ValueError("closed file"), "closed file"),
        ],
    )
    def test_reason(self, why: object, reason: str) -> None:
        """An error of the system is told in the system's words."""
        (notice,) = said(lambda: Losses("console", "event").add(why))
        assert notice.startswith(f"dopejar_tracing: console: {reason}; events are being lost")

    @pytest.mark.parametrize(
        ("count", "told"), [(1, "1 line lost"), (2, "2 lines lost"), (12_345, "12,345 lines lost")]
    )
    def test_tell(self, count: int, told: str) -> None:
        """At the end the number is told."""
        losses = Losses("trace.jsonl")
        said(lambda: losses.add("no room", count))
        assert said(losses.tell) == [f"dopejar_tracing: trace.jsonl: {told}\n"]

    def test_tell_again(self) -> None:
        """Nothing lost, or nothing more, is not told; what came since is."""
        losses = Losses("trace.jsonl")
        assert said(losses.tell) == []
        said(lambda: losses.add("no room", 3))
        said(losses.tell)
        assert said(losses.tell) == []
        losses.add("no room")
        assert said(losses.tell) == ["dopejar_tracing: trace.jsonl: 1 line lost\n"]
