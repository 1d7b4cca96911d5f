"""Lines of JSONL → events; what is no line of ours is counted, never in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from dopejar_tracing.model.event import TraceEvent

_decoder = msgspec.json.Decoder(TraceEvent)


class Bad:
    """Lines that could not be read.

    Attributes:
        count: how many.
        first: number of the first, from 1.
    """

    def __init__(self) -> None:
        self.count = 0
        self.first = 0

    def add(self, number: int) -> None:
        """Count the line of this number."""
        self.first = self.first or number
        self.count += 1


def read_events(lines: Iterable[bytes], bad: Bad) -> Iterator[TraceEvent]:
    """The events of the lines, in their order.

    Args:
        lines: with or without their newlines; blank ones are no lines.
        bad: counts those that are torn, foreign or not UTF-8.
    """
    for number, line in enumerate(lines, 1):
        if line.isspace() or not line:
            continue
        try:
            yield _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            bad.add(number)
