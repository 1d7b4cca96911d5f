"""Events in any order → trees: the same ones, and nothing lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.forest import CIRCLE, TWICE, Absent, Node, build_forest, with_absent

MIDNIGHT = datetime(2026, 1, 13, tzinfo=UTC)

Shape = tuple[str, list["Shape"]]


def event(trace_id: str, parent_id: str | None, at: int) -> TraceEvent:
    """An event that began so many microseconds after midnight."""
    began = (MIDNIGHT + timedelta(microseconds=at)).isoformat(timespec="microseconds")
    return TraceEvent(trace_id, parent_id, began, "focus", "route", "a.py", "", "", 0, "success", {})


def events_of(*links: str) -> list[TraceEvent]:
    """Events in the order in which they began, of `id` or `id<parent`."""
    return [
        event(one, parent or None, at) for at, (one, _, parent) in enumerate(x.partition("<") for x in links)
    ]


def shapes(nodes: Iterable[Node]) -> list[Shape]:
    """The trees as IDs with what hangs under them."""
    return [(node.event.trace_id, shapes(node.children)) for node in nodes]


def nodes_of(roots: Iterable[Node]) -> Iterator[Node]:
    """All nodes, however deep."""
    pending = [*roots]
    while pending:
        node = pending.pop()
        pending += node.children
        yield node


# From few IDs: cycles, IDs that come twice, parents that are missing.
names = st.sampled_from("abcdefgh")
graphs = st.lists(st.tuples(names, st.none() | names), max_size=24).map(
    lambda links: [event(one, parent, at) for at, (one, parent) in enumerate(links)]
)


@st.composite
def trees(draw: st.DrawFn) -> list[TraceEvent]:
    """Events of proper trees, each parent before its children."""
    parents = draw(st.lists(st.integers(0, 30), min_size=1, max_size=30))
    return [event(f"e{at}", f"e{parent}" if parent < at else None, at) for at, parent in enumerate(parents)]


class TestBuildForest:
    """The trees of a file, in whatever order its lines stand."""

    @pytest.mark.parametrize(
        ("links", "expected"),
        [
            pytest.param([], [], id="none"),
            pytest.param(["a", "b<a", "c<b", "d<a"], [("a", [("b", [("c", [])]), ("d", [])])], id="tree"),
            pytest.param(["a", "b", "c<b", "d<a"], [("a", [("d", [])]), ("b", [("c", [])])], id="two roots"),
            pytest.param(["a", "b<lost", "c<b"], [("a", []), ("b", [("c", [])])], id="parent missing"),
            pytest.param(["b<a", "a"], [("a", [("b", [])])], id="child began first"),
            pytest.param(["a", "a", "b<a"], [("a", [("b", [])]), ("a", [])], id="ID twice"),
            pytest.param(["a<a", "b<a"], [("a", [("b", [])])], id="its own parent"),
            pytest.param(["x<b", "a<c", "b<a", "c<b"], [("a", [("b", [("x", []), ("c", [])])])], id="cycle"),
            pytest.param(["a<b", "b<a", "c"], [("a", [("b", [])]), ("c", [])], id="cycle before a root"),
            pytest.param(["a<b", "b<a", "a<b"], [("a", [("b", [("a", [])])])], id="cycle with an ID twice"),
        ],
    )
    def test_examples(self, links: list[str], expected: list[Shape]) -> None:
        """Roots and siblings stand in the order in which they began, and what hangs in the air is a root."""
        assert shapes(build_forest(events_of(*links))) == expected

    @given(graphs)
    def test_nothing_lost(self, events: list[TraceEvent]) -> None:
        """Each event stands in the forest exactly once, whatever the lines say of each other."""
        placed = Counter(id(node.event) for node in nodes_of(build_forest(events)))
        assert placed == Counter(map(id, events))

    @given(graphs)
    def test_links_and_order(self, events: list[TraceEvent]) -> None:
        """What hangs under an event names it as its parent, and follows its elder siblings."""
        roots = build_forest(events)
        for siblings in (roots, *(node.children for node in nodes_of(roots))):
            assert siblings == sorted(siblings, key=lambda node: node.event.timestamp)
        for node in nodes_of(roots):
            assert {child.event.parent_id for child in node.children} <= {node.event.trace_id}

    @given(graphs, st.randoms(use_true_random=False))
    def test_shuffled(self, events: list[TraceEvent], random: Random) -> None:
        """The order of the lines makes no difference."""
        expected = shapes(build_forest(events))
        random.shuffle(events)
        assert shapes(build_forest(events)) == expected

    @given(trees(), st.data())
    def test_dropped(self, events: list[TraceEvent], data: st.DataObject) -> None:
        """Without some lines, each other event still hangs under its parent, or is a root if that is gone."""
        kept = data.draw(st.lists(st.sampled_from(events), unique_by=id))
        roots = build_forest(kept)
        under = {child.event.trace_id: node for node in nodes_of(roots) for child in node.children}
        present = {one.trace_id for one in kept}
        for one in kept:
            parent = under.get(one.trace_id)
            expected = one.parent_id if one.parent_id in present else None
            assert (parent.event.trace_id if parent else None) == expected

    @pytest.mark.parametrize("first_parent", [None, "e4999"], ids=["tree", "cycle"])
    def test_deep(self, first_parent: str | None) -> None:
        """A tree, or a cycle, may be deeper than Python's own stack."""
        events = [event(f"e{at}", f"e{at - 1}" if at else first_parent, at) for at in range(5_000)]
        Random(1).shuffle(events)
        roots = build_forest(events)
        assert [node.event.trace_id for node in nodes_of(roots)] == [f"e{at}" for at in range(5_000)]

    def test_same_moment(self) -> None:
        """Events of the same microsecond keep the order of their lines."""
        events = [event(name, None if name == "a" else "a", 0) for name in "cabd"]
        assert shapes(build_forest(events)) == [("a", [("c", []), ("b", []), ("d", [])])]

    def test_odd(self) -> None:
        """What is odd about a node's place is said of it, and of no other."""
        nodes = nodes_of(build_forest(events_of("a", "a", "b<a", "c<d", "d<c")))
        assert {(node.event.trace_id, node.event.timestamp[-8:-6], node.odd) for node in nodes} == {
            ("a", "00", ""),
            ("a", "01", TWICE),
            ("b", "02", ""),
            ("c", "03", CIRCLE),
            ("d", "04", ""),
        }


class TestWithAbsent:
    """What stands for parents that are missing."""

    def test_together(self) -> None:
        """Roots that name the same missing parent stand together, where the first of them began."""
        tops = with_absent(build_forest(events_of("a", "b<x", "c", "d<y", "e<x", "f<e", "g<h", "h<g")))
        found = [
            (top.trace_id if isinstance(top, Absent) else top.event.trace_id, shapes(top.children))
            for top in tops
        ]
        assert found == [
            ("a", []),
            ("x", [("b", []), ("e", [("f", [])])]),
            ("c", []),
            ("y", [("d", [])]),
            ("g", [("h", [])]),
        ]
