"""Lines in any order, in any number of files → what was looked for, in its trees."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traces import event, forests, line, write

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.forest import CIRCLE, TWICE, Absent, Node, build_forest, with_absent
from dopejar_tracing.read.find.gather import PATIENCE, Gathering, grown
from dopejar_tracing.read.find.search import Search
from dopejar_tracing.read.input import blocks, reading
from dopejar_tracing.read.input.files import find_sources
from dopejar_tracing.read.input.reading import Reading
from dopejar_tracing.read.query.filters import Query, by_status

ERRORS = Query((by_status(["error"]),))
ALL = Query()

Shape = tuple[str, bool, list["Shape"]]
"""(ID, whether it was looked for, what hangs under it)"""


def shapes(tops: Iterable[Node | Absent]) -> list[Shape]:
    """The trees, as what can be compared."""
    return [
        (f"no {top.trace_id}", False, shapes(top.children))
        if isinstance(top, Absent)
        else (top.event.trace_id, top.matched, shapes(top.children))
        for top in tops
    ]


@contextmanager
def searching(query: Query, *files: Iterable[TraceEvent], **options: Any) -> Iterator[Search]:
    """A search in files of these events."""
    with tempfile.TemporaryDirectory() as folder:
        names = [str(write(Path(folder) / f"{at}.jsonl", events)) for at, events in enumerate(files)]
        with closing(Reading(find_sources(names, stdin=BytesIO()))) as found:
            yield Search(found, query, **options)


def trees(query: Query, *files: Iterable[TraceEvent], **options: Any) -> list[Shape]:
    """What is found in them."""
    with searching(query, *files, **options) as search:
        return shapes(search.trees())


def ids(query: Query, *files: Iterable[TraceEvent], **options: Any) -> list[str]:
    """The IDs of the lines that are found."""
    with searching(query, *files, **options) as search:
        return [found.event.trace_id for found in search.lines()]


def gathered(
    query: Query, events: Iterable[TraceEvent], *, patience: int = PATIENCE, limit: int = 100
) -> tuple[list[Shape], list[Shape]]:
    """What is handed out while blocks of a line or two are read, and what is left then."""
    early: list[Shape] = []
    with searching(query, events) as search, pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", 400)
        patch.setattr(reading, "WHOLE", 0)
        gathering = Gathering(query.test, limit=limit)
        for held in search.gather(gathering, patience):
            early += shapes(with_absent(grown(held)))
        return early, shapes(with_absent(grown(gathering.rest())))


def expected(events: Sequence[TraceEvent], matched: set[str], *, context: bool = False) -> list[Shape]:
    """What the trees should be, said in another way: by what is kept, and what is bright."""
    parents = {one.trace_id: one.parent_id for one in events}

    def above(name: str | None) -> Iterator[str]:
        while name in parents:
            name = parents[name]
            if name is not None:
                yield name

    kept = matched | {name for one in matched for name in above(one)}
    if context:
        kept |= {name for name in parents if matched & set(above(name))}
        kept |= {
            name for name, parent in parents.items()
            if parent in parents and any(parents[one] == parent for one in matched)
        }  # fmt: skip
    roots = with_absent(build_forest([one for one in events if one.trace_id in kept]))
    return bright(shapes(roots), matched)


def bright(found: list[Shape], matched: set[str]) -> list[Shape]:
    """The same trees, with other matches."""
    return [(name, name in matched, bright(below, matched)) for name, _, below in found]


def by_root(found: list[Shape]) -> list[Shape]:
    """In an order that does not depend on that of the lines."""
    return sorted(found, key=lambda shape: shape[0])


def of_status(events: Iterable[TraceEvent], status: str = "error") -> set[str]:
    """The IDs of those that ended so."""
    return {one.trace_id for one in events if one.status == status}


class TestTrees:
    """Results as trees."""

    @given(forests(), st.randoms(use_true_random=False))
    def test_shuffled(self, events: list[TraceEvent], random: Random) -> None:
        """However the lines stand, the trees are the original ones."""
        original = shapes(build_forest(events))
        random.shuffle(events)
        assert trees(ALL, events) == original

    @given(forests(), st.booleans(), st.randoms(use_true_random=False), st.booleans())
    def test_matches(self, events: list[TraceEvent], context: bool, random: Random, shuffled: bool) -> None:
        """A match comes with what is above it; with context, with what is below and beside it, too."""
        if shuffled:
            random.shuffle(events)
        assert trees(ERRORS, events, context=context) == expected(events, of_status(events), context=context)

    @given(forests(), st.data())
    def test_missing_parents(self, events: list[TraceEvent], data: st.DataObject) -> None:
        """Without some lines, children stand together under what stands for their parent."""
        kept = data.draw(st.lists(st.sampled_from(events), unique_by=id))
        assert trees(ALL, kept) == shapes(with_absent(build_forest(kept)))

    @given(forests(), st.data())
    def test_several_files(self, events: list[TraceEvent], data: st.DataObject) -> None:
        """A tree may have lines in several files."""
        files: list[list[TraceEvent]] = [[], [], []]
        for one in events:
            files[data.draw(st.integers(0, 2))].append(one)
        assert trees(ERRORS, *files) == expected(events, of_status(events))

    @given(forests(), st.integers(0, 6))
    def test_early(self, events: list[TraceEvent], patience: int) -> None:
        """Trees that are handed out before all is read are the same, in the order in which they end."""
        early, rest = gathered(ERRORS, events, patience=patience)
        assert by_root(early + rest) == by_root(expected(events, of_status(events)))
        assert len(early) >= len(by_root(expected(events, of_status(events)))) - patience

    @given(forests(), st.integers(1, 9))
    def test_too_many(self, events: list[TraceEvent], limit: int) -> None:
        """Where more waits than may be held, nothing that was looked for is lost; parents stand apart."""
        early, rest = gathered(ALL, events, limit=limit)
        assert sorted(flat(early + rest)) == sorted(one.trace_id for one in events)

    def test_first_before_the_end(self, tmp_path: Path) -> None:
        """A tree is handed out long before the file has been read."""
        events = [event(f"alt_1768312800_{at:04x}", at=at) for at in range(40_000)]
        path = write(tmp_path / "trace.jsonl", events)
        with closing(Reading(find_sources([str(path)], stdin=BytesIO()))) as found:
            first = next(Search(found, ALL).trees())
            assert shapes([first]) == [("alt_1768312800_0000", True, [])]
            assert found.events < 15_000

    def test_late_child(self) -> None:
        """A child that ended long after its parent still stands under it."""
        parent, child = event("sys_1_aaaa"), event("alt_1_aaab", "sys_1_aaaa", status="error")
        others = [event(f"mem_2_{at:04x}", at=at + 9) for at in range(30_000)]
        assert trees(ERRORS, [parent, *others, child]) == [("sys_1_aaaa", False, [("alt_1_aaab", True, [])])]

    def test_odd(self) -> None:
        """IDs that come twice, and parents in a circle, are marked, and make trees all the same."""
        events = [
            event("a", at=1),
            event("a", at=2),
            event("b", "a", at=3),
            event("c", "d", at=4),
            event("d", "c", at=5),
        ]
        with searching(ALL, events) as search:
            tops = list(search.trees())
        assert shapes(tops) == [
            ("a", True, [("b", True, [])]),
            ("a", True, []),
            ("c", True, [("d", True, [])]),
        ]
        assert [top.odd for top in tops if isinstance(top, Node)] == ["", TWICE, CIRCLE]


def flat(found: list[Shape]) -> Iterator[str]:
    """All that are bright."""
    for name, matched, below in found:
        if matched:
            yield name
        yield from flat(below)


class TestLines:
    """Results one by one."""

    @given(forests())
    def test_matches(self, events: list[TraceEvent]) -> None:
        """In the order of the file."""
        assert ids(ERRORS, events) == [one.trace_id for one in events if one.status == "error"]

    def test_several_files(self) -> None:
        """By time; within a file, as they stand."""
        one = [event("a", at=10), event("b", at=5), event("c", at=30)]
        other = [event("x", at=1), event("y", at=20)]
        assert ids(ALL, one, other) == ["x", "a", "b", "y", "c"]


class TestLast:
    """`--last`."""

    @given(forests(), st.integers(1, 12))
    def test_lines(self, events: list[TraceEvent], count: int) -> None:
        """The last of those that are looked for, from blocks of any size."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blocks, "BLOCK", 300)
            assert (
                ids(ERRORS, events, last=count)
                == [one.trace_id for one in events if one.status == "error"][-count:]
            )

    @given(forests(), st.integers(1, 12))
    def test_trees(self, events: list[TraceEvent], count: int) -> None:
        """With what they are part of."""
        matched = {one.trace_id for one in [one for one in events if one.status == "error"][-count:]}
        assert trees(ERRORS, events, last=count) == expected(events, matched)

    def test_several_files(self) -> None:
        """Of several files, those that began last."""
        one = [event(f"a{at}", at=at) for at in range(10)]
        other = [event(f"b{at}", at=at + 7) for at in range(3)]
        assert ids(ALL, one, other, last=4) == ["a8", "b1", "a9", "b2"]

    def test_little_is_read(self, tmp_path: Path) -> None:
        """The beginning of a long file is not read."""
        path = write(tmp_path / "trace.jsonl", [event(f"alt_1_{at:08x}", at=at) for at in range(50_000)])
        with closing(Reading(find_sources([str(path)], stdin=BytesIO()))) as found:
            assert len(list(Search(found, ALL, last=100).lines())) == 100
            assert found.events < 3_000


class TestTraceId:
    """`--trace-id`."""

    @settings(max_examples=300)
    @given(forests(), st.data(), st.randoms(use_true_random=False), st.booleans())
    def test_request(
        self, events: list[TraceEvent], data: st.DataObject, random: Random, shuffled: bool
    ) -> None:
        """The span and all below it are bright, what is above it is dim, in whatever order the lines stand."""  # noqa: E501
        asked = set(
            data.draw(st.lists(st.sampled_from([one.trace_id for one in events]), min_size=1, max_size=2))
        )
        parents = {one.trace_id: one.parent_id for one in events}

        def is_below(name: str | None) -> bool:
            return name in asked or (name is not None and is_below(parents.get(name)))

        below = {name for name in parents if is_below(name)}
        if shuffled:
            random.shuffle(events)
        half = len(events) // 2
        assert trees(ALL, events, trace_ids=[*asked]) == expected(events, below)
        assert trees(ALL, events[:half], events[half:], trace_ids=[*asked]) == expected(events, below)
        assert set(ids(ALL, events, trace_ids=[*asked])) == below

    @given(forests(), st.data())
    def test_filtered(self, events: list[TraceEvent], data: st.DataObject) -> None:
        """Other filters narrow it down to what they match in it."""
        root = data.draw(st.sampled_from([one.trace_id for one in events if one.parent_id is None]))
        parents = {one.trace_id: one.parent_id for one in events}

        def top(name: str) -> str:
            parent = parents[name]
            return name if parent is None else top(parent)

        matched = {name for name in of_status(events) if top(name) == root}
        assert trees(ERRORS, events, trace_ids=[root]) == expected(events, matched)

    def test_open(self) -> None:
        """A span that has no line, as it is open, is asked for by what hangs under it."""
        events = [event("alt_1_aaaa", "sys_1_aaaa", at=1), event("foc_1_aaaa", at=2)]
        assert trees(ALL, events, trace_ids=["sys_1_aaaa"]) == [
            ("no sys_1_aaaa", False, [("alt_1_aaaa", True, [])])
        ]

    def test_other_ids(self) -> None:
        """IDs that are none of ours are IDs all the same."""
        events = [event("b/1", "a 0"), event("a 0"), event("c")]
        assert trees(ALL, events, trace_ids=["a 0"]) == [("a 0", True, [("b/1", True, [])])]

    def test_escaped(self) -> None:
        """Lines that mention the second of an ID without being part of it are left alone."""
        events = [event("alt_1_aaaa"), event("alt_1_aaab", metadata={"seen": "alt_1_aaaa"})]
        assert trees(ALL, events, trace_ids=["alt_1_aaaa"]) == [("alt_1_aaaa", True, [])]


class TestBad:
    """Lines that are none of ours."""

    @pytest.mark.parametrize("query", [ALL, ERRORS])
    @pytest.mark.parametrize("large", [False, True])
    def test_counted(
        self, tmp_path: Path, query: Query, large: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They are skipped and counted, and the place of the first is known; blank ones are no lines."""
        if large:
            monkeypatch.setattr(reading, "WHOLE", 0)
        good = line(event(status="error"))
        bad = [
            b"not ours", b"{}", b"[1]", b'{"trace_id": "torn', b"\x00\x00" + good, good + good,
            good.replace(b"plan.py", b"plan\xff.py"), good.replace(b'"success"', b"3").replace(b'"error"', b"3"),  # noqa: E501
        ]  # fmt: skip
        path = tmp_path / "trace.jsonl"
        path.write_bytes(b"\n".join([good, b"", b" \r", good + b"\r", *bad, good]))
        with closing(Reading(find_sources([str(path)], stdin=BytesIO()))) as found:
            search = Search(found, query)
            assert len(list(search.lines())) == 3
            (counted,) = found.bad.values()
            assert counted.count == len(bad)
            (source,) = found.bad
            assert source.line_number(counted.first) == 5
            assert found.events == 3
