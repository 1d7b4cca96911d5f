"""Trees of files that grow."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from traces import event, forests, line, write

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.forest import Absent, Node
from dopejar_tracing.read.find.live import SETTLE, LiveTrees, stop_here
from dopejar_tracing.read.find.search import Search
from dopejar_tracing.read.follow import Mark
from dopejar_tracing.read.input.files import find_sources
from dopejar_tracing.read.input.reading import Reading
from dopejar_tracing.read.query.filters import Query, by_status


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """What time it is."""
        return self.now


@contextmanager
def live(path: Path, query: Query | None = None, **options: bool) -> Iterator[tuple[LiveTrees, Clock]]:
    """Trees of a file, after what is there has been handed out."""
    clock = Clock()
    with closing(Reading(find_sources([str(path)], stdin=BytesIO()))) as reading:
        trees = LiveTrees(Search(reading, query or Query()), clock=clock, **options)
        yield trees, clock


def names(tops: list[Node | Absent]) -> list[str]:
    """All IDs, a parent before its children; what has no line in brackets."""
    found = []
    for top in tops:
        found.append(f"({top.trace_id})" if isinstance(top, Absent) else top.event.trace_id)
        found += names([*top.children])
    return found


def taken(trees: LiveTrees, *events: TraceEvent) -> list[str]:
    """What is handed out when these come."""
    return [name for tops in trees.take(map(line, events)) for name in names(tops)]


class TestLiveTrees:
    """What is there, and what comes."""

    @given(forests(), st.data())
    def test_nothing_lost(self, events: list[TraceEvent], data: st.DataObject) -> None:
        """Each event is handed out once, or waits, however many come at a time."""
        there = data.draw(st.integers(0, len(events)))
        with tempfile.TemporaryDirectory() as folder:
            path = write(Path(folder) / "trace.jsonl", events[:there])
            with live(path) as (trees, _):
                shown = [name for tops in trees.there() for name in names(tops)]
                rest = events[there:]
                while rest:
                    count = data.draw(st.integers(1, len(rest)))
                    shown += taken(trees, *rest[:count])
                    rest = rest[count:]
                shown += names(trees.waiting)
        assert sorted(shown) == sorted(one.trace_id for one in events)

    def test_waits_for_its_parent(self, tmp_path: Path) -> None:
        """A child stands under a placeholder until its parent comes, and is handed out when the root does."""
        with live(write(tmp_path / "trace.jsonl", [event("mem_1_c", "foc_1_b")])) as (trees, _):
            assert list(trees.there()) == []
            assert names(trees.waiting) == ["(foc_1_b)", "mem_1_c"]
            assert taken(trees, event("foc_1_b", "alt_1_a")) == []
            assert names(trees.waiting) == ["(alt_1_a)", "foc_1_b", "mem_1_c"]
            assert taken(trees, event("alt_1_a")) == ["alt_1_a", "foc_1_b", "mem_1_c"]
            assert trees.waiting == []

    def test_settles(self, tmp_path: Path) -> None:
        """What has waited for long is handed out without its root, unless its parent is younger."""
        with live(write(tmp_path / "trace.jsonl", [])) as (trees, clock):
            assert list(trees.there()) == []
            assert taken(trees, event("mem_1_c", "foc_1_b"), event("lrn_1_d", "sys_1_a")) == []
            clock.now = SETTLE - 1
            assert taken(trees, event("foc_1_b", "sys_1_a")) == []
            clock.now = SETTLE
            assert taken(trees) == ["(sys_1_a)", "lrn_1_d"]
            assert names(trees.waiting) == ["(sys_1_a)", "foc_1_b", "mem_1_c"]
            clock.now = 2 * SETTLE
            assert taken(trees) == ["(sys_1_a)", "foc_1_b", "mem_1_c"]
            assert taken(trees, event("sys_1_a")) == ["sys_1_a"]

    def test_late_child(self, tmp_path: Path) -> None:
        """A child that comes after its root was handed out stands under it once more."""
        with live(write(tmp_path / "trace.jsonl", [event("alt_1_a")])) as (trees, _):
            assert [names(tops) for tops in trees.there()] == [["alt_1_a"]]
            assert taken(trees, event("foc_1_b", "alt_1_a")) == ["alt_1_a", "foc_1_b"]

    def test_filtered(self, tmp_path: Path) -> None:
        """Only what is looked for comes, with what it is part of."""
        with live(write(tmp_path / "trace.jsonl", []), Query((by_status(["error"]),))) as (trees, _):
            assert list(trees.there()) == []
            assert taken(trees, event("foc_1_b", "alt_1_a"), event("alt_1_a")) == []
            assert (
                taken(trees, event("foc_1_c", "alt_1_d", status="error"), event("foc_1_e", "alt_1_d")) == []
            )
            assert taken(trees, event("alt_1_d")) == ["alt_1_d", "foc_1_c"]

    def test_bad(self, tmp_path: Path) -> None:
        """Lines that are none of ours are counted; blank ones are no lines."""
        with live(write(tmp_path / "trace.jsonl", [])) as (trees, _):
            assert list(trees.take([b"no", b"", b" \r", b"{}", line(event())])) != []
            assert trees.bad == 2


class TestStopHere:
    """Where reading goes on."""

    def test_marks(self, tmp_path: Path) -> None:
        """At the end of what is there; that is read no further."""
        path = write(tmp_path / "trace.jsonl", [event("alt_1_a")])
        with closing(Reading(find_sources([str(path)], stdin=BytesIO()))) as reading:
            status = path.stat()
            assert stop_here(reading) == {str(path): Mark(status.st_dev, status.st_ino, status.st_size)}
            with path.open("ab") as file:
                file.write(line(event("alt_1_b")) + b"\n")
            assert [found.event.trace_id for found in Search(reading, Query()).lines()] == ["alt_1_a"]
