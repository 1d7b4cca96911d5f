"""Files → their summary, by one process or by several."""

from __future__ import annotations

import gzip
import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spans import UNIT, span, timed_forests
from traces import event, line, write

from dopejar_tracing.errors import TracingError
from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.read.input import reading
from dopejar_tracing.read.input.files import find_sources
from dopejar_tracing.read.input.reading import Reading, Start
from dopejar_tracing.read.query.filters import Query, by_status
from dopejar_tracing.read.sums import summing
from dopejar_tracing.read.sums.summarize import Summarizer
from dopejar_tracing.read.sums.summary import Summary
from dopejar_tracing.read.sums.summing import Stretch, divide, sum_together, sum_up


@contextmanager
def opened(*names: Path) -> Iterator[Reading]:
    """Files that are read, each with what it was rotated into."""
    with closing(Reading(find_sources([str(name) for name in names], stdin=BytesIO()))) as found:
        yield found


def make(first: bool) -> Summarizer:
    """A summarizer of one part."""
    return Summarizer(("layer", "operation"), is_first=first)


def alone(*names: Path, **options: Any) -> Summary:
    """By this process."""
    with opened(*names) as found:
        blocks = found.blocks([Start()] * len(found.groups))
        return sum_up(found, blocks, Summarizer(("layer", "operation"), **options), lambda _: None)


def shares(found: Reading, jobs: int) -> list[list[tuple[str, int, int | None]]]:
    """What each of so many processes would read."""
    return [
        [(Path(one.source.name).name, one.start, one.end) for one in own]
        for own in divide(found.groups[0], Start(), jobs)
    ]


def said(summary: Summary) -> tuple[object, ...]:
    """What a summary says."""
    return (
        summary.events, summary.first, summary.last, summary.groups, sorted(summary.slowest), summary.faults,
    )  # fmt: skip


def sessions(count: int, seed: int = 1) -> list[TraceEvent]:
    """Requests in an open session, in each of which some things happen at the same time."""
    random = Random(seed)
    events, at = [], 0
    for number in range(count):
        root = f"alt_{number}_root"
        for child in range(random.randrange(5)):
            start = at + random.randrange(UNIT)
            status = random.choice(["success", "success", "error"])
            name = f"mem_{number}_{child}"
            operation = random.choice(["read", "write"])
            end = start + random.randrange(UNIT)
            events.append(span(name, root, start, end, status=status, operation=operation))
        events.append(span(root, "sys_0_session", at, at + 2 * UNIT))
        at += 2 * UNIT + 10
    return [*events, span("sys_0_session", None, 0, at)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are worth it for a few kilobytes."""
    monkeypatch.setattr(summing, "WORTHWHILE", 20_000)
    monkeypatch.setattr(summing, "_OFTEN", 1_000)


class TestAlone:
    """By one process."""

    @pytest.mark.parametrize("query", [Query(), Query((by_status(["error"]),))])
    def test_whole_or_glance(self, tmp_path: Path, query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lines that are read whole, and those that are only glanced at, come to the same."""
        path = write(tmp_path / "trace.jsonl", sessions(100))
        whole = alone(path, query=query)
        summarizer = Summarizer(("layer", "operation"), query)
        summarizer.add(sessions(100))
        monkeypatch.setattr(reading, "WHOLE", 0)
        assert said(alone(path, query=query)) == said(whole) == said(summarizer.summary)

    def test_progress(self, tmp_path: Path) -> None:
        """All bytes are told of."""
        path = write(tmp_path / "trace.jsonl", sessions(2_000))
        told: list[int] = []
        with opened(path) as found:
            sum_up(found, found.blocks([Start()]), make(True), told.append)
            assert found.events == len(sessions(2_000))
        assert sum(told) == path.stat().st_size
        assert len(told) > 1

    def test_several_files(self, tmp_path: Path) -> None:
        """Several files are one trace."""
        events = sessions(50)
        names = [write(tmp_path / f"{at}.jsonl", events[at::3]) for at in range(3)]
        together, apart = alone(*names), alone(write(tmp_path / "all.jsonl", events))
        assert (together.events, together.first, together.last) == (apart.events, apart.first, apart.last)
        for key, tally in apart.groups.items():
            assert together.groups[key].durations == tally.durations


class TestDivide:
    """What each process reads."""

    @settings(max_examples=40)
    @given(st.integers(1, 400), st.integers(1, 9), st.integers(1, 60_000), st.integers(1, 3))
    def test_every_line_once(self, count: int, jobs: int, worthwhile: int, parts: int) -> None:
        """Each line is read by one process, in order; cuts are where lines begin, shares not too small."""
        with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
            folder = Path(name)
            patch.setattr(summing, "WORTHWHILE", worthwhile)
            stamps = [f".2026011{at}T140000.000000" for at in range(parts - 1)]
            paths = [folder / f"trace.jsonl{stamp}" for stamp in (*stamps, "")]
            for at, path in enumerate(paths):
                write(path, [event(f"alt_{at}_{number:04x}") for number in range(count)])
            with opened(folder / "trace.jsonl") as found:
                divided = divide(found.groups[0], Start(), jobs)
                assert 1 <= len(divided) <= max(1, jobs + parts)
                data = b"".join(self.data(stretch) for own in divided for stretch in own)
                assert data == b"".join(path.read_bytes() for path in paths)
                for own in divided[1:]:
                    assert own
                    assert self.data(own[0]).startswith(b'{"trace_id"')

    def data(self, stretch: Stretch) -> bytes:
        """The bytes of it."""
        return Path(stretch.source.name).read_bytes()[stretch.start : stretch.end]

    def test_not_worth_it(self, tmp_path: Path) -> None:
        """A small file is read by one process, however many there may be; so is an empty one."""
        path, empty = write(tmp_path / "trace.jsonl", sessions(50)), write(tmp_path / "empty.jsonl", [])
        for name in (path, empty):
            with opened(name) as found:
                assert shares(found, 1_000) == [[(name.name, 0, None)]]

    def test_compressed(self, tmp_path: Path, small: None) -> None:
        """What is compressed is read by one process from its beginning; another takes what comes after."""
        rotated = tmp_path / "trace.jsonl.20260113T140000.000000.gz"
        data = b"".join(line(event(f"alt_{at}_{Random(at).random()}")) + b"\n" for at in range(2_000))
        rotated.write_bytes(gzip.compress(data))
        path = write(tmp_path / "trace.jsonl", sessions(200))
        with opened(path) as found:
            first, *rest = shares(found, 2)
            assert first[0] == (rotated.name, 0, None)
            assert all(name == path.name for own in rest for name, _, _ in own)
            assert rest

    def test_pipe(self, tmp_path: Path) -> None:
        """What comes through a pipe is read by one process."""
        read, written = os.pipe()
        os.close(written)
        with os.fdopen(read, "rb") as stream, closing(Reading(find_sources(["-"], stdin=stream))) as found:
            assert shares(found, 4) == [[("-", 0, None)]]


class TestTogether:
    """By several processes."""

    @pytest.mark.parametrize("jobs", [2, 3, 8])
    @pytest.mark.parametrize("seed", [1, 2])
    def test_same(self, tmp_path: Path, small: None, jobs: int, seed: int) -> None:
        """The summary is that of one process, own times included; so are the counts of lines."""
        path = write(tmp_path / "trace.jsonl", sessions(300, seed))
        told: list[int] = []
        with opened(path) as found:
            stretches = divide(found.groups[0], Start(), jobs)
            assert 2 <= len(stretches) <= jobs
            assert said(sum_together(found, stretches, make, told.append)) == said(alone(path))
            assert found.events == len(sessions(300, seed))
        assert 0 < sum(told) <= path.stat().st_size

    @settings(max_examples=8)
    @given(timed_forests(most=30))
    def test_any_forest(self, events: list[TraceEvent]) -> None:
        """Whatever overlaps, and wherever it is cut."""
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.setattr(summing, "WORTHWHILE", 1)
            path = write(Path(folder) / "trace.jsonl", events)
            with opened(path) as found:
                stretches = divide(found.groups[0], Start(), 3)
                assert said(sum_together(found, stretches, make, lambda _: None)) == said(alone(path))

    def test_bad_lines(self, tmp_path: Path, small: None) -> None:
        """Bad lines of all parts are counted, and the first is known."""
        lines = [line(one) + b"\n" for one in sessions(300)]
        for at in (700, 10, 300):
            lines.insert(at, b"torn\n")
        path = tmp_path / "trace.jsonl"
        path.write_bytes(b"".join(lines))
        with opened(path) as found:
            sum_together(found, divide(found.groups[0], Start(), 3), make, lambda _: None)
            (bad,) = found.bad.values()
            assert bad.count == 3
            assert bad.first == sum(map(len, lines[:10]))

    def test_rotated(self, tmp_path: Path, small: None) -> None:
        """The parts of a file, compressed ones too, are one trace."""
        events = sessions(300)
        older = tmp_path / "trace.jsonl.20260113T140000.000000.gz"
        older.write_bytes(gzip.compress(b"".join(line(one) + b"\n" for one in events[:400])))
        path = write(tmp_path / "trace.jsonl", events[400:])
        with opened(path) as found:
            stretches = divide(found.groups[0], Start(), 2)
            assert len(stretches) == 2
            assert said(sum_together(found, stretches, make, lambda _: None)) == said(
                alone(write(tmp_path / "all.jsonl", events))
            )

    def test_killed(self, tmp_path: Path, small: None) -> None:
        """A process that is killed is an error, not a summary of the rest."""
        path = write(tmp_path / "trace.jsonl", sessions(300))

        class Killed(Summarizer):
            """Ends its process in the middle of the work."""

            def add(self, events: Sequence[Any]) -> None:
                os.kill(os.getpid(), signal.SIGKILL)

        def some(first: bool) -> Summarizer:
            return make(first) if first else Killed()

        with opened(path) as found, pytest.raises(TracingError, match="ended before its work did"):
            sum_together(found, divide(found.groups[0], Start(), 2), some, lambda _: None)

    def test_unreadable(self, tmp_path: Path, small: None) -> None:
        """What a process cannot read is said as if this one had tried."""
        path = write(tmp_path / "trace.jsonl", sessions(300))
        with opened(path) as found:
            stretches = divide(found.groups[0], Start(), 2)
            path.unlink()
            with pytest.raises(TracingError, match="No such file"):
                sum_together(found, stretches, make, lambda _: None)

    def test_ctrl_c_still_works(self, tmp_path: Path, small: None) -> None:
        """After it, signals reach this process as before."""
        path = write(tmp_path / "trace.jsonl", sessions(300))
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        with opened(path) as found:
            sum_together(found, divide(found.groups[0], Start(), 2), make, lambda _: None)
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
