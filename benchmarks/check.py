"""Whether a file holds every line that was to be written: whole, valid, in order, under the right parent."""

from __future__ import annotations

import orjson

from benchmarks.case import Line, Written


class Order:
    """The lines of each writer, which must come in the order in which their spans end.

    Args:
        places: of the lines for each number.
        streams: writers; each has the numbers that leave the same remainder.
    """

    def __init__(self, places: tuple[str, ...], streams: int) -> None:
        self._places = places
        self._streams = streams
        self._next: dict[int, tuple[int, int]] = {}
        """By writer: number and place of the line that comes next."""
        self._around: dict[int, str | None] = {}
        """By writer: ID that the next line must have, since the last one named it as its parent."""

    def wrong(self, line: Line) -> str:
        """What is wrong with the next line; empty if nothing is."""
        stream = line.number % self._streams
        number, at = self._next.get(stream, (stream, 0))
        if (line.number, line.place) != (number, self._places[at]):
            return f"{line.place} {line.number}, where {self._places[at]} {number} belongs"
        if at and line.id != self._around[stream]:
            return f"{line.place} {line.number} is not the parent of the line before it"
        is_last = at + 1 == len(self._places)
        if is_last and len(self._places) > 1 and line.parent is not None:
            return f"{line.place} {line.number} has a parent"
        self._around[stream] = line.parent
        self._next[stream] = (number + self._streams, 0) if is_last else (number, at + 1)
        return ""


def what_is_wrong(written: Written, numbers: int, streams: int) -> str:
    """What is wrong with the file; empty if nothing is.

    Args:
        written: the file, and what each number leaves in it.
        numbers: that were worked for, from 0 on.
        streams: writers at once.
    """
    expected = numbers * (len(written.places) + written.others)
    if not written.path.exists():
        return f"{written.path.name} is missing" if expected else ""
    order = Order(tuple(written.places), streams)
    found = 0
    with written.path.open("rb") as file:
        for found, text in enumerate(file, 1):
            try:
                line = written.read(orjson.loads(text))
                wrong = order.wrong(line) if line is not None else ""
            except (ValueError, LookupError, TypeError) as error:
                wrong = repr(error)
            if wrong:
                return f"{written.path.name}, line {found}: {wrong}"
    return f"{found} lines in {written.path.name}, {expected} were written" if found != expected else ""
