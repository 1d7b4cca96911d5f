"""The critical path of a request."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from spans import interval, span, timed_forests
from traces import event

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.forest import Node, build_forest
from dopejar_tracing.read.sums.path import critical_path


def path(*events: TraceEvent) -> list[tuple[str, int, int]]:
    """The path through the first root: (ID, depth, its own microseconds)."""
    return [
        (step.node.event.trace_id, step.depth, step.own_us) for step in critical_path(build_forest(events)[0])
    ]


def naive(root: Node) -> dict[str, int]:
    """Who has each microsecond of the root, decided from its end to its beginning, one by one."""
    whole = interval(root.event)
    owns: dict[str, int] = {}
    if whole is not None:
        for moment in range(whole[1] - 1, whole[0] - 1, -1):
            name = _at(root, moment, whole[1])
            owns[name] = owns.get(name, 0) + 1
    return owns


def _at(node: Node, moment: int, end: int) -> str:
    """Who has this microsecond, in a span that is on the path up to an end."""
    while True:
        spans = [(its, child) for child in node.children if (its := interval(child.event)) is not None]
        # Of those that began before, the one that ended last has the time from its beginning to that end.
        while True:
            here = [(its, at) for at, (its, _) in enumerate(spans) if its[0] < end and its[0] < its[1]]
            if not here:
                return node.event.trace_id
            (start, its_end), at = max(here, key=lambda each: (each[0][1], each[1]))
            its_end = min(its_end, end)
            if moment >= its_end:
                return node.event.trace_id
            if moment >= start:
                node, end = spans[at][1], its_end
                break
            end = start


class TestCriticalPath:
    """What a request would have to be quicker in."""

    @settings(max_examples=200)
    @given(timed_forests(most=20))
    def test_sum(self, events: list[TraceEvent]) -> None:
        """The own times on it sum to the root's; each is there once, and none is negative."""
        for root in build_forest(events):
            steps = critical_path(root)
            if root.event.duration_us is None:
                assert steps == []
            else:
                assert sum(step.own_us for step in steps) == root.event.duration_us
                assert len({id(step.node) for step in steps}) == len(steps)
                assert all(step.own_us >= 0 for step in steps)
                assert steps[0].node is root

    @settings(max_examples=200)
    @given(st.data())
    def test_reference(self, data: st.DataObject) -> None:
        """It is what deciding about each microsecond by itself comes to."""
        parents = data.draw(st.lists(st.integers(0, 7), max_size=7))
        events, intervals = [span("s0", None, 0, 30)], [(0, 30)]
        for at, parent in enumerate(parents, 1):
            low, high = intervals[parent % at]
            start = data.draw(st.integers(low, high))
            end = data.draw(st.integers(start, high + 3))
            intervals.append((start, min(end, high)))
            events.append(span(f"s{at}", f"s{parent % at}", start, end))
        (root,) = build_forest(events)
        found = {step.node.event.trace_id: step.own_us for step in critical_path(root) if step.own_us}
        assert found == naive(root)

    def test_in_order(self) -> None:
        """Spans come in the order in which they begin, children below their parents."""
        assert path(
            span("r", None, 0, 100), span("a", "r", 10, 40), span("a1", "a", 20, 30), span("b", "r", 50, 90),
        ) == [("r", 0, 30), ("a", 1, 20), ("a1", 2, 10), ("b", 1, 40)]  # fmt: skip

    def test_beside(self) -> None:
        """What ran beside a span that ended later is not on it."""
        assert path(span("r", None, 0, 100), span("slow", "r", 10, 90), span("quick", "r", 10, 60)) == [
            ("r", 0, 20), ("slow", 1, 80),
        ]  # fmt: skip

    def test_overlap(self) -> None:
        """Where two follow each other and overlap, the later one has the time that they share."""
        assert path(span("r", None, 0, 100), span("a", "r", 0, 60), span("b", "r", 50, 100)) == [
            ("r", 0, 0), ("a", 1, 50), ("b", 1, 50),
        ]  # fmt: skip

    def test_outlived(self) -> None:
        """A child that outlives its parent is on it as long as the parent lasts."""
        assert path(span("r", None, 0, 100), span("a", "r", 40, 300)) == [("r", 0, 40), ("a", 1, 60)]

    def test_events(self) -> None:
        """Events are not on it; an event has none; what has no time is left out."""
        assert path(event("r")) == []
        assert path(event("r", metadata={"duration_us": 5}, timestamp="soon")) == []
        odd = event("b", "r", timestamp="soon", metadata={"duration_us": 5})
        assert path(span("r", None, 0, 100), event("a", "r", 40), odd) == [("r", 0, 100)]

    def test_deep(self) -> None:
        """A tree may be deeper than Python's stack."""
        depth = 20_000
        top = below = Node(span("s0", None, 0, 2 * depth))
        for at in range(1, depth):
            node = Node(span(f"s{at}", f"s{at - 1}", at, 2 * depth - at))
            below.children = [node]
            below = node
        steps = critical_path(top)
        assert len(steps) == depth
        assert sum(step.own_us for step in steps) == 2 * depth
