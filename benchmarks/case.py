"""What is measured: contenders, the work of each, and where it stands afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

Work = Callable[[range], object]
"""Does something for each of these numbers, which stand in what it writes."""

TREE = ("write", "gate_check", "transition")
"""The three spans of a tree, in the order in which they end."""


class Contender(msgspec.Struct, frozen=True):
    """One row of a table: what is timed in a process of its own.

    Attributes:
        label: what the table calls it.
        case: `module.function`, in `benchmarks.peers`, of what makes its `Case`.
        options: given to that function, by name.
        package: what must be installed for it, if anything.
        threads: that share each round; 0: the work is not given to threads at all.
        processes: that share each round, and one file.
        beside: label of the row that it is compared with; by default the first of the table.
    """

    label: str
    case: str
    options: Mapping[str, Any] = {}
    package: str = ""
    threads: int = 0
    processes: int = 1
    beside: str = ""


class Line(NamedTuple):
    """What a line of a file says of its place among the others.

    Attributes:
        number: that the work was given.
        place: which one of those that are written for a number.
        id: its own, if the peer gives it one that lines are linked by.
        parent: ID of what encloses it.
    """

    number: int
    place: str
    id: str | None = None
    parent: str | None = None


class Written(NamedTuple):
    """A file, and what must be in it.

    Attributes:
        path: of the file; it may be missing if nothing must be in it.
        read: JSON of a line, decoded → what it says; None for one that carries no number.
        places: of the lines for each number, in their order.
        others: lines for each number that carry none.
    """

    path: Path
    read: Callable[[Any], Line | None]
    places: Sequence[str]
    others: int = 0


def _nothing() -> None:
    pass


class Case(NamedTuple):
    """The work of one contender.

    Attributes:
        work: what is timed; when it returns, nothing that it did is left undone.
        written: where that stands afterwards.
        each: spans, events or lines that count, for each number.
        streams: writers at once, among whom the numbers are dealt out in turn.
        prepare: done before each round, untimed.
        rest: done after each round, untimed.
    """

    work: Work
    written: Sequence[Written]
    each: int = 1
    streams: int = 1
    prepare: Callable[[], object] = _nothing
    rest: Callable[[], object] = _nothing
