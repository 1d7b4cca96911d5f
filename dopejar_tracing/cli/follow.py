"""`view --follow`: what is written from now on, as it comes.

On a terminal, trees that wait for a root stand in a region at the end, which is drawn anew; what is whole, or
has waited for long, goes above it and stays. Elsewhere each tree is written when it is whole, and at the end
those that are not.
"""

from __future__ import annotations

import select
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from dopejar_tracing.cli.drawing import Drawing
from dopejar_tracing.read.find.gather import PATIENCE
from dopejar_tracing.read.find.live import LiveTrees
from dopejar_tracing.read.find.search import Found, Search
from dopejar_tracing.read.follow import Follower, Mark
from dopejar_tracing.read.input.files import STDIN
from dopejar_tracing.read.input.lines import is_blank, read_event
from dopejar_tracing.show.line import Line, fitted
from dopejar_tracing.show.terminal import Painter, painted_lines
from dopejar_tracing.show.text import visible
from dopejar_tracing.sinks.console.screen import ERASE_BELOW, frame, look, send

TICK = 0.1
"""Seconds between two looks at the files."""
MAX_ROWS = 16
"""Of the region; never more than half of the window."""


class Screen:
    """Writes what stays, and under it what does not; the latter on a terminal alone.

    Args:
        paint: for stdout.
    """

    def __init__(self, paint: Painter) -> None:
        self._paint = paint
        self._region: list[str] = []

    def show(self, above: Iterable[Line], below: Iterable[Line] = ()) -> None:
        """Write a frame.

        Args:
            above: lines that stay.
            below: what stands under them until the next frame.
        """
        terminal = look(sys.stdout)
        if terminal is None:
            text = painted_lines(self._paint, above)
            if text:
                sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "backslashreplace"))
                sys.stdout.buffer.flush()
            return
        rows = [self._paint(line) for line in above]
        most = max(1, min(MAX_ROWS, terminal.height // 2))
        region = [self._paint(fitted(line, terminal.width)) for line in deque(below, most)]
        if rows or region != self._region:
            erased = ERASE_BELOW if self._region else ""
            text = erased + frame(rows, region, terminal.height, 0)
            send(terminal.number, text.encode("utf-8", "replace"))
            self._region = region


class Following:
    """Goes on with what is written, until Ctrl-C, or until nobody reads stdout any more.

    Args:
        names: of the files, and patterns; `-` is not followed: it is read to its end.
        marks: where each file is read on.

    Attributes:
        bad: how many lines that came were none of ours.
    """

    def __init__(self, names: Sequence[str], marks: Mapping[str, Mark]) -> None:
        self.bad = 0
        followed = [name for name in names if name != STDIN]
        self._patience = PATIENCE if followed else 0
        # Made before what is there is read, which may take a while: from now on it holds the files.
        self._follower = Follower(followed, starts=marks, complain=_complain) if followed else None

    def close(self) -> None:
        """Let go of the files."""
        if self._follower is not None:
            self._follower.close()

    def rows(self, search: Search, drawing: Drawing) -> None:
        """Show a row, or the line itself, of each match."""
        out = sys.stdout.buffer
        out.write(drawing.head())
        for each in search.lines():
            out.write(drawing.row(each))
        for lines in self.polls():
            for line in lines:
                event = read_event(line)
                self.bad += event is None and not is_blank(line)
                if event is not None and search.query.test(event):
                    out.write(drawing.row(Found(event, line)))
            out.flush()

    def trees(self, search: Search, drawing: Drawing, *, context: bool) -> None:
        """Show each tree when it is whole; on a terminal, also those that are not."""
        live = LiveTrees(search, context=context)
        screen = Screen(drawing.paint)
        try:
            for tops in live.there(self._patience):
                screen.show(drawing.trees(tops))
            for lines in self.polls():
                whole = [line for tops in live.take(lines) for line in drawing.trees(tops)]
                screen.show(whole, drawing.trees(live.waiting))
        finally:
            self.bad = live.bad
            screen.show(drawing.trees(live.waiting))

    def polls(self) -> Iterator[list[bytes]]:
        """The lines that have come, again and again."""
        follower = self._follower
        while follower is not None and not (follower.caught_up and _reader_is_gone(TICK)):
            yield [arrival.data for arrival in follower.poll()]


def _complain(problem: str) -> None:
    click.echo(visible(problem), err=True)


def _reader_is_gone(seconds: float) -> bool:
    """Wait so long, or until the reader of a pipe has closed it."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)  # POLLERR and POLLHUP always come
    return bool(poll.poll(seconds * 1000))
