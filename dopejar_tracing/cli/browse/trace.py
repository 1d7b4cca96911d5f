"""What is browsed: events by their numbers, read from where their lines are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.read.follow import Arrival, Mark
from dopejar_tracing.read.index.index import Index
from dopejar_tracing.read.index.links import NONE
from dopejar_tracing.read.index.scan import Scanned, Scanner
from dopejar_tracing.read.index.shelf import Shelf
from dopejar_tracing.read.input.lines import read_event
from dopejar_tracing.read.input.reading import Group


class Trace:
    """The events of some files.

    Args:
        groups: the files, each with what it was rotated into before it.

    Attributes:
        index: of what has been read so far.
        shelf: where the lines are.
        scanner: which reads them.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.index = Index()
        self.shelf = Shelf()
        self.scanner = Scanner(self.shelf)
        self._groups = groups

    @property
    def name(self) -> str:
        """What a person calls it."""
        first, *others = (group[-1].name for group in self._groups)
        name = "standard input" if first == "-" else first
        return f"{name} and {len(others)} more" if others else name

    def scan(self) -> Iterator[Scanned]:
        """Read the files; it may be done in a thread."""
        return self.scanner.scan(source for group in self._groups for source in group)

    def add(self, scanned: Scanned) -> None:
        """Take in what was read."""
        self.index.add(scanned.heads, scanned.places)

    def append(self, arrivals: Iterable[Arrival]) -> None:
        """Take in lines that were written meanwhile."""
        for path, lines in groupby(arrivals, key=attrgetter("path")):
            self.add(self.scanner.scan_lines(path, (line.data for line in lines)))

    def marks(self) -> dict[str, Mark]:
        """Where each file that can be followed is read on."""
        names = (group[-1].name for group in self._groups)
        marks = {name: self.scanner.mark(name) for name in names}
        return {name: mark for name, mark in marks.items() if mark is not None}

    def event(self, node: int) -> TraceEvent | None:
        """The event; None if it has no line, or its file has been written over."""
        return None if self.index.places[node] == NONE else read_event(self.line(node))

    def line(self, node: int) -> bytes:
        """The line of an event that has one."""
        return self.shelf.line(self.index.places[node])

    def trace_id(self, node: int) -> str:
        """Its ID, which may be known only from what hangs under it."""
        event = self.event(node)
        if event is not None:
            return event.trace_id
        children = (self.event(child) for child in self.index.links.children(node))
        return next((child.parent_id for child in children if child and child.parent_id), "?")
