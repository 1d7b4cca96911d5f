"""Trees that grow: each event is handed out once, in its place, and no more is held than allowed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.branch import Branch, Gap, Piece
from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.glimpse import Glimpse, glimpse
from dopejar_tracing.model.growth import Growth


class Span(msgspec.Struct, weakref=True, eq=False):
    """What is known of a span that has begun."""

    trace_id: str
    parent_id: str | None = None
    started_ns: int = 0
    layer: str = "altitude"
    operation: str = "work"
    input: str = ""

    def event(self) -> TraceEvent:
        """What it becomes."""
        return TraceEvent(self.trace_id, self.parent_id, "", "altitude", "work", "", "", "", 0, "success", {})


class Program:
    """Begins and ends spans, and keeps account of what it did."""

    def __init__(self, limit: int = 5_000) -> None:
        self.growth = Growth(limit)
        self.open: list[Span] = []
        self.ended: set[str] = set()
        self.dropped = 0
        self.pieces: list[Piece] = []
        self.left_out = 0
        self.known = 0
        """The most spans that were open at once."""
        self._count = 0

    def new(self, parent: int | None) -> Span:
        """Make a span under one that is open."""
        self._count += 1
        above = self.open[parent % len(self.open)].trace_id if self.open and parent is not None else None
        return Span(f"alt_{self._count}", above, self._count)

    def begin(self, parent: int | None) -> Span:
        """Begin one."""
        span = self.new(parent)
        self.growth.started(span)
        self.open.append(span)
        self.known = max(self.known, len(self.open))
        return span

    def end(self, at: int) -> None:
        """End one that is open."""
        if self.open:
            span = self.open.pop(at % len(self.open))
            self.growth.ended(span.event())
            self.ended.add(span.trace_id)

    def happen(self, parent: int | None) -> None:
        """Let something happen under one that is open."""
        span = self.new(parent)
        self.growth.ended(span.event())
        self.ended.add(span.trace_id)

    def take(self, events: int = 10**9) -> None:
        """Take what is ready."""
        for piece in self.growth.take(events):
            if isinstance(piece, Gap):
                self.left_out += piece.count
            else:
                self.pieces.append(piece)

    def do(self, step: tuple[str, int]) -> None:
        """Do one step."""
        name, number = step
        if name == "lengthen":
            self.growth.lengthen(number)
        elif name == "drop":
            if self.open:
                self.open.pop(number % len(self.open))
                self.dropped += 1
            self.growth.forget_the_dead()
        else:
            {"begin": self.begin, "end": self.end, "happen": self.happen, "take": self.take}[name](number)


def nodes(top: Branch) -> Iterator[Branch]:
    """The branch and all below it."""
    yield top
    for child in top.children:
        yield from nodes(child)


def path(piece: Piece) -> list[Branch]:
    """What it hangs under, the root first."""
    spans = []
    span = piece.parent
    while span is not None:
        spans.append(span)
        span = span.parent
    return spans[::-1]


STEPS = st.lists(
    st.tuples(st.sampled_from(["begin", "end", "happen", "take", "lengthen", "drop"]), st.integers(0, 40))
)


class TestPieces:
    """What is handed out."""

    @given(STEPS, st.booleans())
    def test_each_event_once(self, steps: list[tuple[str, int]], exits: bool) -> None:
        """Whatever begins, ends, is dropped and taken when: each event comes once, under its parent."""
        program = Program()
        for step in steps:
            program.do(step)
        left_open = 0
        if exits:
            left_open = len(program.open)
            program.growth.give_up()
        while program.open and not exits:
            program.end(-1)
        program.take()
        without = 0
        seen = []
        for piece in program.pieces:
            found = list(nodes(piece.top))
            events = [branch.event.trace_id for branch in found if branch.event]
            assert piece.count == len(events)
            without += len(found) - len(events)
            seen += events
            for branch in found:
                assert {child.parent for child in branch.children} <= {branch}
                parents = {child.event.parent_id for child in branch.children if child.event}
                assert parents <= {branch.trace_id}
            for upper, lower in pairwise([*path(piece), piece.top]):
                parent_id = lower.event.parent_id if lower.event else upper.trace_id
                assert parent_id == upper.trace_id
        assert sorted(seen) == sorted(program.ended)
        assert without == program.dropped + left_open
        assert program.growth.pending == program.growth.open_count == program.left_out == 0

    @given(STEPS, st.integers(2, 20))
    def test_bound(self, steps: list[tuple[str, int]], limit: int) -> None:
        """No more is held than the limit, but what ends in known spans; what is left out is counted."""
        program = Program(limit)
        for step in steps:
            program.do(step)
            assert program.growth.held <= limit + program.known
        while program.open:
            program.end(-1)
        program.take()
        assert sum(piece.count for piece in program.pieces) + program.left_out == len(program.ended)

    def test_one_piece(self) -> None:
        """A root comes whole, when it ends and not before, its children as they began."""
        program = Program()
        program.begin(None)
        program.begin(0)
        program.happen(0)
        program.end(1)
        program.take()
        assert program.pieces == []
        program.end(0)
        program.take()
        (piece,) = program.pieces
        assert [branch.trace_id for branch in nodes(piece.top)] == ["alt_1", "alt_2", "alt_3"]
        assert piece.parent is None

    def test_parts(self) -> None:
        """Of a long span its children come as they finish, each whole, and it itself last."""
        program = Program()
        program.begin(None)
        program.growth.lengthen(2)
        program.begin(0)
        program.happen(1)
        program.take()
        assert program.pieces == []
        program.end(1)
        program.end(0)
        program.take()
        part, last = program.pieces
        assert [branch.trace_id for branch in nodes(part.top)] == ["alt_2", "alt_3"]
        assert part.parent is last.top
        assert last.top.parted

    def test_crowd(self) -> None:
        """Where more is held than is comfortable, parts are handed out early."""
        program = Program(limit=10)
        program.begin(None)
        for _ in range(6):
            program.happen(0)
        assert program.growth.due(None) == 0
        program.growth.lengthen(0)
        program.take()
        assert len(program.pieces) == 6

    def test_outlived(self) -> None:
        """What is still open when its root ends becomes a tree of its own."""
        program = Program()
        program.begin(None)
        program.begin(0)
        program.end(0)
        program.happen(0)
        program.end(0)
        program.take()
        assert [[branch.trace_id for branch in nodes(piece.top)] for piece in program.pieces] == [
            ["alt_1"],
            ["alt_2", "alt_3"],
        ]

    def test_collected(self) -> None:
        """A span that nobody can end any more does not stay, and does not hide what ended in it."""
        program = Program()
        program.begin(None)
        program.happen(0)
        program.open.clear()
        gc.collect()
        program.growth.forget_the_dead()
        program.take()
        (piece,) = program.pieces
        assert piece.top.event is None
        assert piece.count == 1
        assert program.growth.open_count == 0

    def test_dropped(self) -> None:
        """Spans that are begun and dropped are looked for by and by, so that they do not pile up."""
        growth = Growth()
        for number in range(50_000):
            growth.started(Span(f"alt_{number}"))
        assert growth.open_count <= 20_000

    def test_give_up(self) -> None:
        """At the end all that is open comes, inner spans of long ones first, the oldest root first."""
        program = Program()
        program.begin(None)
        program.begin(0)
        program.growth.lengthen(3)
        program.begin(1)
        program.happen(2)
        program.begin(None)
        program.growth.give_up()
        program.take()
        assert [piece.top.trace_id for piece in program.pieces] == ["alt_3", "alt_2", "alt_1", "alt_5"]
        assert [branch.trace_id for branch in nodes(program.pieces[0].top)] == ["alt_3", "alt_4"]


class TestDue:
    """When there is something to show."""

    def test_when(self) -> None:
        """Now, if something is ready; else when the oldest root has been open for long enough."""
        program = Program()
        assert program.growth.due(100) is None
        program.begin(None)
        program.begin(None)
        assert program.growth.due(100) == 101
        assert program.growth.due(None) is None
        program.happen(None)
        assert program.growth.due(None) == 0


class TestGlimpse:
    """What is open right now."""

    @given(STEPS, st.integers(2, 20), st.booleans())
    def test_fits(self, steps: list[tuple[str, int]], rows: int, busy_only: bool) -> None:
        """It takes no more rows than there are, and holds as many open spans as there is room for."""
        program = Program()
        for step in steps:
            program.do(step)
        glimpses = glimpse(program.growth.roots, 10**9, 0, rows, busy_only=busy_only)
        flat = list(flatten(glimpses))
        assert len(flat) + sum(look.hidden > 0 for look in flat) <= rows
        shown_open = sum(look.branch.event is None and look.branch.alive is not None for look in flat)
        if not busy_only:
            assert shown_open == min(rows, program.growth.open_count)

    def test_recent(self) -> None:
        """Of what is finished the last comes, and how much is hidden."""
        program = Program()
        program.begin(None)
        for _ in range(20):
            program.happen(0)
        (look,) = glimpse(program.growth.roots, 10**9, 0, 7)
        assert [child.branch.trace_id for child in look.children] == [f"alt_{at}" for at in range(18, 22)]
        assert look.hidden == 16

    def test_young(self) -> None:
        """A root that has not been open for long enough is not shown."""
        program = Program()
        program.begin(None)
        assert glimpse(program.growth.roots, now_ns=100, after_ns=100, rows=9) == []
        assert len(glimpse(program.growth.roots, now_ns=101, after_ns=100, rows=9)) == 1

    def test_busy(self) -> None:
        """At a prompt only what is newer than it is shown, with what it hangs under."""
        program = Program()
        program.begin(None)
        program.growth.lengthen(2)
        assert glimpse(program.growth.roots, 100, 0, 9, busy_only=True) == []
        program.begin(0)
        (look,) = glimpse(program.growth.roots, 100, 0, 9, busy_only=True)
        assert len(look.children) == 1


def flatten(glimpses: Any) -> Iterator[Glimpse]:
    """All of them."""
    for look in glimpses:
        yield look
        yield from flatten(look.children)
