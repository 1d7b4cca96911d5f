"""Spans' own times, also where a trace is taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spans import covered, interval, own_times, span, timed_forests

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.read.sums import nesting
from dopejar_tracing.read.sums.nesting import MAX_STRETCHES, Clock, Nesting


def nested(events: Sequence[TraceEvent], *, is_first: bool = True) -> tuple[Nesting, dict[str, int]]:
    """What comes of these, each span being a group of its own: (nesting, ID → its own time)."""
    found, owns = Nesting(is_first), {}
    for one in events:
        its = interval(one)
        if its is not None:
            key = (one.trace_id,)
            owns[one.trace_id] = found.add(one.trace_id, one.parent_id, key, its[0], its[1] - its[0])
    return found, owns


class TestOwnTime:
    """Of one part."""

    @settings(max_examples=300)
    @given(timed_forests())
    def test_reference(self, events: list[TraceEvent]) -> None:
        """It is what a naive count says: overlapping children once, those that come later not at all."""
        assert nested(events)[1] == own_times(events)

    @given(timed_forests(tidy=True))
    def test_sums_to_the_roots(self, events: list[TraceEvent]) -> None:
        """Where nothing overlaps, the own times of a tree sum to the root's time."""
        roots = [one for one in events if one.parent_id is None]
        assert sum(nested(events)[1].values()) == sum(one.duration_us or 0 for one in roots)

    def test_overlapping(self) -> None:
        """Children at the same time count once, and only within their parent."""
        events = [
            span("a", "p", 0, 40), span("b", "p", 30, 60), span("c", "p", 35, 50), span("d", "p", 90, 150),
            span("p", None, 10, 100),
        ]  # fmt: skip
        assert nested(events)[1]["p"] == 90 - 50 - 10

    def test_grandchildren(self) -> None:
        """Only children are taken from a parent's time; theirs from the children's."""
        events = [span("c", "b", 40, 60), span("b", "a", 30, 70), span("a", None, 0, 100)]
        assert nested(events)[1] == {"c": 20, "b": 20, "a": 60}

    def test_late_child(self) -> None:
        """A child whose line comes after its parent's is not taken from the parent's time."""
        assert nested([span("p", None, 0, 10), span("c", "p", 2, 8)])[1] == {"p": 10, "c": 6}

    def test_odd(self) -> None:
        """IDs twice, circles, and a span that names itself its parent have times as well."""
        events = [
            span("c", "p", 0, 4), span("p", None, 0, 10), span("p", None, 0, 10),
            span("x", "y", 0, 10), span("y", "x", 0, 10), span("s", "s", 0, 10),
        ]  # fmt: skip
        found = Nesting()
        owns = [found.add(one.trace_id, one.parent_id, (), 0, one.duration_us or 0) for one in events]
        assert owns == [4, 6, 10, 10, 0, 10]

    def test_deep(self) -> None:
        """A tree may be deeper than Python's stack; nothing of it is held when it is over."""
        depth = 100_000
        found = Nesting()
        total = 0
        for at in range(depth, 0, -1):
            parent_id = f"s{at - 1}" if at > 1 else None
            total += found.add(f"s{at}", parent_id, (), at, 2 * (depth - at) + 1)
        assert total == 2 * (depth - 1) + 1
        assert found == Nesting()

    def test_wide(self) -> None:
        """Of a root with a great many children only a bounded number of stretches is held."""
        found, count = Nesting(), 10 * MAX_STRETCHES
        for at in range(count):
            found.add(f"s{at}", "root", (), at * 10, 7)
        assert len(found.waiting["root"]) <= MAX_STRETCHES
        assert found.add("root", None, (), 0, count * 10) == count * 3

    @given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40)), min_size=1, max_size=200))
    def test_folded(self, children: list[tuple[int, int]]) -> None:
        """Stretches that are put together cover as much as before, if they began in order."""
        stretches, at = [], 0
        for gap, duration in children:
            at += gap
            stretches.append((at, at + duration))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nesting, "MAX_STRETCHES", 8)
            found = Nesting()
            for number, (start, end) in enumerate(stretches):
                found.add(f"s{number}", "root", (), start, end - start)
            assert len(found.waiting["root"]) <= 8
            own = found.add("root", None, (), 0, at + 40)
        assert own == at + 40 - covered(stretches, 0, at + 40)

    def test_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of too many parents that never come, those that were named first are given up."""
        monkeypatch.setattr(nesting, "MAX_WAITING", 10)
        found = Nesting()
        for at in range(100):
            found.add(f"s{at}", f"lost{at}", (), at, 1)
        assert [*found.waiting] == [f"lost{at}" for at in range(90, 100)]


class TestJoined:
    """Of several parts."""

    @settings(max_examples=300)
    @given(timed_forests(), st.data())
    def test_any_cuts(self, events: list[TraceEvent], data: st.DataObject) -> None:
        """Wherever a trace is cut, in whatever order neighbours are joined, own times are those of the whole."""  # noqa: E501
        cuts = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=4)))
        edges = [0, *cuts, len(events)]
        parts = [
            nested(events[start:end], is_first=not number)
            for number, (start, end) in enumerate(pairwise(edges))
        ]
        owns = {name: own for _, some in parts for name, own in some.items()}
        joined = [found for found, _ in parts]
        while len(joined) > 1:
            at = data.draw(st.integers(0, len(joined) - 2))
            both, changes = joined[at].joined(joined[at + 1])
            joined[at : at + 2] = [both]
            for (name,), change in changes:
                owns[name] += change
        assert owns == own_times(events)

    def test_few_are_kept(self) -> None:
        """Of a later part only those spans are kept that were open before its first line."""
        events = [span(f"s{at}", "root", at * 1_000_000, at * 1_000_000 + 5) for at in range(100)]
        found, _ = nested([*events, span("root", None, -50, 200_000_000)], is_first=False)
        assert set(found.edges) == {"s0", "s1", "root"}

    def test_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where too many may have been open, those that began first are kept: the root, which comes last."""
        monkeypatch.setattr(nesting, "MAX_WAITING", 10)
        events = [span(f"s{at}", "root", at, at + 1) for at in range(100)]
        tomorrow = span("tomorrow", None, 10**11, 10**11)
        for later in (events[50:], [tomorrow, *events[50:]]):
            before, _ = nested(events[:50])
            after, _ = nested([*later, span("root", None, 0, 1_000)], is_first=False)
            assert len(after.edges) <= 20
            assert (("root",), -50) in before.joined(after)[1]

    def test_twice(self) -> None:
        """Of two spans with one ID the first has the children of the part before, as in the whole."""
        one, two = span("p", None, 0, 100), span("p", None, 0, 60)
        before, _ = nested([span("c", "p", 0, 40)])
        later = Nesting(is_first=False)
        for number, each in enumerate((one, two)):
            later.add("p", None, (str(number),), 0, each.duration_us or 0)
        assert before.joined(later)[1] == [(("0",), -40)]


class TestClock:
    """Timestamps."""

    @given(st.lists(st.datetimes(), min_size=1, max_size=6), st.data())
    def test_exact(self, moments: list[datetime], data: st.DataObject) -> None:
        """Every moment is read to the microsecond, whatever was read before, in whatever spelling."""
        clock = Clock()
        for moment in moments:
            zone = data.draw(st.sampled_from(["+00:00", "Z", "", "+05:30", "-03:00"]))
            said = moment.isoformat(timespec=data.draw(st.sampled_from(["auto", "microseconds"]))) + zone
            aware = datetime.fromisoformat(said)
            aware = aware if aware.tzinfo else aware.replace(tzinfo=UTC)
            assert clock(said) == (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    def test_zones_apart(self) -> None:
        """The same second in another zone is another moment."""
        clock = Clock()
        there = clock("2026-01-13T14:00:00.000000+05:30")
        here = clock("2026-01-13T14:00:00.000000+00:00")
        assert here is not None
        assert there == here - 19_800_000_000

    @pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00", "2026-01-13T25:00:00", "12"])
    def test_none(self, text: str) -> None:
        """What is no timestamp is no moment."""
        assert Clock()(text) is None
