"""Where frames are written: a terminal that can move its cursor, or anything else that stderr may be."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import IO

from dopejar_tracing.show.line import Line, wrapped
from dopejar_tracing.show.terminal import Painter, painted_lines
from dopejar_tracing.sinks.console.host import Host
from dopejar_tracing.sinks.console.screen import ERASE_BELOW, Screen, descriptor_of, frame, send

CHILD_PATIENCE = 0.8
"""Seconds that a forked child waits for the terminal: there it is the application itself that draws."""


class Outlet:
    """Paints and writes.

    Args:
        host: the terminal as the host leaves it.
        theme: role or layer → style.
        patience: seconds that a write may take; None: as long as it takes.

    Attributes:
        deadline: seconds of the monotonic clock, after which nothing is waited for.
    """

    def __init__(self, host: Host, theme: Mapping[str, str], patience: float | None) -> None:
        self.deadline: float | None = None
        self._host = host
        self._theme = theme
        self._patience = patience
        self._painters: dict[bool, Painter] = {}

    def restyle(self, theme: Mapping[str, str]) -> None:
        """Use another theme from now on."""
        self._theme = theme
        self._painters = {}

    def show(
        self, screen: Screen, stream: IO[str], above: list[Line], below: list[Line], *, sure: bool
    ) -> None:
        """Write a frame on a terminal.

        Args:
            screen: the terminal.
            stream: that leads to it.
            above: what is finished.
            below: the live region, no wider than the window.
            sure: the host's line is known; else it may hold what somebody typed or another program wrote.
        """
        paint = self._painter(stream, terminal=True)
        region = [paint(line) for line in below]
        host = self._host
        with host.turn:
            if not above and region == host.region:
                return
            host_rows = max(host.rows(), 0 if sure and screen.cooked else 1)
            width = screen.width if host_rows else None  # by itself a line wraps as it should
            rows = [paint(row) for line in above for row in (wrapped(line, width) if width else [line])]
            erased = ERASE_BELOW if host.region or host.shares else ""
            host.region, host.encoding = region, _encoding_of(stream)
            self._send(screen.number, erased + frame(rows, region, screen.height, host_rows))

    def write(self, stream: IO[str] | None, lines: list[Line]) -> None:
        """Write to what is no terminal, or one that cannot move its cursor.

        Raises:
            OSError: it cannot be written.
        """
        if not lines:
            return
        if stream is None:
            msg = "there is no stderr"
            raise OSError(msg)
        text = painted_lines(self._painter(stream, terminal=False), lines)
        if self._host.end_line():
            text = f"\n{text}"
        number = descriptor_of(stream)
        if number is None:
            stream.write(text)
            stream.flush()
        else:  # not through the stream's buffer, whose lock would then hold up the host and its exit
            self._host.encoding = _encoding_of(stream)
            self._send(number, text)

    def _send(self, number: int, text: str) -> None:
        patience = self._patience
        if self.deadline is not None:
            patience = max(0, self.deadline - time.monotonic())
        send(number, self._host.encoded(text), patience)

    def _painter(self, stream: IO[str], *, terminal: bool) -> Painter:
        painters = self._painters
        if terminal not in painters:
            painters[terminal] = Painter(stream, self._theme)
        return painters[terminal]


def _encoding_of(stream: IO[str]) -> str:
    encoding = getattr(stream, "encoding", None)
    return encoding if isinstance(encoding, str) else "utf-8"
