"""The rows of the browser, and what is typed as its filter: without any screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import event, forests, line

from dopejar_tracing.cli.browse.jump import Jump, find
from dopejar_tracing.cli.browse.pace import PAUSE, SHARE, Pace
from dopejar_tracing.cli.browse.picture import row_line
from dopejar_tracing.cli.browse.rows import Rows
from dopejar_tracing.cli.browse.shown import Shown
from dopejar_tracing.cli.browse.trace import Trace
from dopejar_tracing.cli.browse.words import read_filter
from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.forest import build_forest
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.read.index.index import BLOCKED, ERROR
from dopejar_tracing.read.index.sift import Sieve
from dopejar_tracing.read.query.filters import Filter
from dopejar_tracing.show.line import plain
from dopejar_tracing.show.tree import event_line, tree_lines


class Made:
    """Rows of some events."""

    def __init__(self, events: Iterable[TraceEvent]) -> None:
        self.trace = Trace([])
        heads, places = self.trace.scanner.scan_lines("x", map(line, events))
        self.trace.index.add(heads, places)
        self.shown = Shown(self.trace.index)
        self.shown.settled = True
        self.rows = Rows(self.shown)
        self.rows.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.trace.shelf.close()

    def sift(self, condition: Filter) -> None:
        """Filter."""
        sieve = Sieve(self.trace.index, self.trace.shelf, condition)
        for asked in sieve.sift():
            sieve.mark(asked)
        self.rows.sift(sieve)
        self.rows.refresh()

    def picture(self, width: int = 1000) -> list[str]:
        """All rows as they are drawn, without their signs."""
        rows = range(len(self.rows))
        return [plain(row_line(self.trace, self.rows, row, width))[2:] for row in rows]


def drawn(events: Iterable[TraceEvent]) -> Iterator[str]:
    """The console's picture."""
    for root in build_forest(events):
        for each in tree_lines(root, lambda node: event_line(node.event)):
            yield plain(each)


class TestPicture:
    """As the console draws it."""

    @given(forests())
    def test_unfolded(self, events: list[TraceEvent]) -> None:
        """When all is unfolded, the rows are the console's, to the character."""
        with Made(events) as made:
            for top in made.shown.tops():
                made.rows.choose_all(made.rows.row_of(top), unfolded=True)
            assert made.picture() == [*drawn(events)]

    def test_deep(self) -> None:
        """So they are where a tree is deeper than there is room for."""
        events = [event(f"sys_1_{n}", f"sys_1_{n - 1}" if n else None, n) for n in range(100)]
        events += [event(f"sys_2_{n}", f"sys_1_{n}", n) for n in range(0, 100, 7)]
        with Made(events) as made:
            made.rows.choose_all(0, unfolded=True)
            assert made.picture() == [*drawn(events)]

    def test_narrow(self) -> None:
        """In a narrow window every row fits, and shows what it is and the last of its branches."""
        events = [event(f"sys_1_{n}", f"sys_1_{n - 1}" if n else None, n) for n in range(60)]
        with Made(events) as made:
            made.rows.choose_all(0, unfolded=True)
            picture = made.picture(30)
            assert all(len(row) <= 28 for row in picture)
            assert all("└─[sys] plan" in row for row in picture[1:])
            assert picture[-1].startswith("…")


class TestRows:
    """Folding and unfolding."""

    @given(forests(), st.lists(st.tuples(st.integers(0, 30), st.sampled_from("ufEC"))), st.booleans())
    def test_as_from_scratch(
        self, events: list[TraceEvent], steps: list[tuple[int, str]], is_filtered: bool
    ) -> None:
        """Whatever is folded and unfolded, the rows are those that would be made from scratch."""
        with Made(events) as made:
            rows = made.rows
            if is_filtered:
                made.sift(read_filter("operation == 'read'", Layers()))
            for at, step in steps:
                if rows.nodes:
                    row = at % len(rows)
                    match step:
                        case "u":
                            rows.unfold(row)
                        case "f":
                            rows.fold(row)
                        case _:
                            rows.choose_all(row, unfolded=step == "E")
            nodes, leads = rows.nodes[:], [rows.lead(row) for row in range(len(rows))]
            rows.refresh()
            assert rows.nodes == nodes
            assert [rows.lead(row) for row in range(len(rows))] == leads

    @given(forests(), st.integers(0, 100))
    def test_reveal(self, events: list[TraceEvent], at: int) -> None:
        """Whatever an event is folded into, it can be shown."""
        with Made(events) as made:
            node = made.trace.index.order[at % len(events)]
            row = made.rows.reveal(node)
            assert made.rows.nodes[row] == node

    def test_matches_alone(self) -> None:
        """A filter shows matches and what they hang under, nothing beside or below them."""
        events = [event("mem_1_c", "foc_1_b", 2), event("foc_1_b", "alt_1_a", 1), event("alt_1_a"),
                  event("mem_1_d", "alt_1_a", 3), event("sys_1_e", "mem_1_d", 4)]  # fmt: skip
        with Made(events) as made:
            made.sift(read_filter("layer == 'focus' or layer == 'sys'", Layers()))
            assert made.picture() == [
                "[alt] plan",
                "  ├─[foc] plan",
                "  └─[mem] plan",
                "      └─[sys] plan",
            ]
            matches = [made.shown.is_match(node) for node in made.rows.nodes]
            assert matches == [False, True, False, True]


class TestFind:
    """The next that alarms."""

    @given(forests(), st.booleans())
    def test_whole_round(self, events: list[TraceEvent], backward: bool) -> None:
        """From one to the next, all come, in the order of the rows, until the first comes again."""
        with Made(events) as made:
            found: list[int] = []
            jump = find(made.shown, made.rows.nodes[0], ERROR, backward=backward)
            while jump and jump.node not in found:
                found.append(jump.node)
                jump = find(made.shown, jump.node, ERROR, backward=backward)
            for top in made.shown.tops():
                made.rows.choose_all(made.rows.row_of(top), unfolded=True)
            rows = [node for node in made.rows.nodes if made.trace.index.flags[node] & ERROR]
            if backward:
                rows.reverse()
            elif rows and rows[0] == made.rows.nodes[0]:  # where it began
                rows = [*rows[1:], rows[0]]
            assert found == rows

    def test_wraps(self) -> None:
        """Beyond the last it begins anew; where there is none, there is none."""
        with Made([event("sys_1_a", status="error"), event("sys_1_b", None, 1)]) as made:
            first, second = made.rows.nodes
            assert find(made.shown, second, ERROR, backward=False) == Jump(first, has_wrapped=True)
            assert find(made.shown, second, ERROR, backward=True) == Jump(first, has_wrapped=False)
            assert find(made.shown, second, BLOCKED, backward=True) is None


class TestReadFilter:
    """Expressions and words."""

    @pytest.mark.parametrize(
        "text",
        ["status ==", 'status == "err', "metadata.", "not status ==", "layer foo", "consent and x == 1", "("],
    )
    def test_incomplete(self, text: str) -> None:
        """What is going to be an expression is no filter until it is one."""
        with pytest.raises(QueryError):
            read_filter(text, Layers())

    @pytest.mark.parametrize(
        "text", ["consent", "gate check", '"status"', "a.b", "disk full, really", "100%"]
    )
    def test_words(self, text: str) -> None:
        """Words are looked for."""
        test = read_filter(text, Layers()).test
        assert test(event(input_summary="so: " + text.strip('"').upper()))
        assert not test(event(input_summary="aXb"))

    def test_expression(self) -> None:
        """An expression is one."""
        test = read_filter("metadata.n > 4", Layers()).test
        assert test(event(metadata={"n": 5}))
        assert not test(event(metadata={"n": 4}))


class TestPace:
    """How often what grows is drawn."""

    def test_pace(self) -> None:
        """At once; then not before the pause is over; after that, if there is anything new."""
        now = 100.0
        drawn_at: list[float] = []
        pace = Pace(lambda: drawn_at.append(now), lambda: now)
        pace.grown()
        pace.grown()
        assert drawn_at == [100]
        now += PAUSE
        pace.beat()
        pace.beat()
        assert drawn_at == [100, 100 + PAUSE]
        pace.grown()
        pace.catch_up()
        assert len(drawn_at) == 3

    def test_slow(self) -> None:
        """What takes long to draw is drawn less often."""
        now = 0.0

        def draw() -> None:
            nonlocal now
            now += 1

        pace = Pace(draw, lambda: now)
        pace.grown()
        now += SHARE - 0.5
        pace.grown()
        assert now == 1 + SHARE - 0.5
        now += 0.5
        pace.beat()
        assert now == 2 + SHARE
        assert pace.quiet == 1.5

    def test_hold(self) -> None:
        """What is there may be left for a moment."""
        drawn: list[int] = []
        pace = Pace(lambda: drawn.append(1), lambda: 0.0)
        pace.hold()
        pace.grown()
        assert drawn == []
