"""Rotation, and what becomes of rotated files."""

from __future__ import annotations

import fcntl
import gzip
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from helpers import wait_until
from sinks.jsonl.programs import all_lines, content_of, files_of, run
from sinks.jsonl.test_faults import line_of

from dopejar_tracing import configure, shutdown, trace_event
from dopejar_tracing.settings import Settings
from dopejar_tracing.settings.rotate import Period, Rotate
from dopejar_tracing.settings.rotated import rotated
from dopejar_tracing.sinks.jsonl import JsonlSink
from dopejar_tracing.sinks.jsonl.rotation import Rotation

NOON = datetime(2026, 1, 13, 12, tzinfo=UTC)  # a Tuesday


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the file."""
    return tmp_path / "t"


def sink_of(path: Path, **rotate: Any) -> JsonlSink:
    """A sink that rotates."""
    return JsonlSink(str(path), "", Settings(rotate=Rotate(**rotate)))


class TestSize:
    """`max_bytes`."""

    def test_not_larger(self, path: Path) -> None:
        """No file is larger, in bytes and not in characters, unless a single line is."""
        sink = sink_of(path, max_bytes=1_000)
        for number in range(50):
            sink({**line_of(number), "input_summary": "ü€😀" * (number % 12)})
        sink(line_of(50, 3_000))
        sink(line_of(51))
        sink.close()
        assert len(all_lines(path)) == 52
        sizes = [file.stat().st_size for file in files_of(path)]
        assert sorted(sizes)[-2] <= 1_000
        assert sum(size > 500 for size in sizes) >= len(sizes) - 3

    def test_names(self, path: Path) -> None:
        """A rotated file is named after the moment, and names sort as the files were written."""
        sink = sink_of(path, max_bytes=1)
        for number in range(5):
            sink(line_of(number))
        sink.close()
        found = rotated(str(path))
        assert len(found) == 4
        assert all(datetime.strptime(file.stamp, "%Y%m%dT%H%M%S.%f") for file in found)  # noqa: DTZ007
        assert [line["trace_id"] for line in all_lines(path)] == [f"sys_1_{number:04}" for number in range(5)]

    def test_clock_set_back(self, path: Path) -> None:
        """Names go on sorting when the clock is set back, and none is taken twice."""
        times = [NOON, NOON, NOON - timedelta(days=1), NOON - timedelta(days=400)]
        for number, now in enumerate(times):
            path.write_text(f"{number}\n")
            rotation = Rotation(str(path), Rotate(max_bytes=1), clock=now.timestamp)
            assert rotation.rotate(path.stat())
        assert [Path(file.path).read_text() for file in rotated(str(path))] == ["0\n", "1\n", "2\n", "3\n"]

    @pytest.mark.parametrize(
        "name", ["t.99999999T999999.999999", "t.20260113T120000.0000001", "t.other", "t2.gz"]
    )
    def test_names_of_others(self, path: Path, name: str) -> None:
        """Whatever stands beside it is not overwritten."""
        (path.parent / name).write_text("not ours\n")
        sink = sink_of(path, max_bytes=1)
        for number in range(3):
            sink(line_of(number))
        sink.close()
        assert (path.parent / name).read_text() == "not ours\n"
        assert len(rotated(str(path))) == 2 + name.startswith(("t.9", "t.20"))

    def test_change_of_settings(self, tmp_path: Path) -> None:
        """Another rule takes effect at once."""
        configure(enabled=True, output="t", console="never")
        for _ in range(5):
            trace_event("sys", "x")
        configure(enabled=True, output="t", console="never", rotate={"max_bytes": 1})
        trace_event("sys", "y")
        shutdown()
        assert [line["operation"] for line in all_lines(tmp_path / "t")] == ["x"] * 5 + ["y"]
        assert len(files_of(tmp_path / "t")) == 2


class TestTime:
    """`every`."""

    @pytest.mark.parametrize(
        ("every", "last", "now"),
        [
            ("minute", NOON - timedelta(seconds=1), NOON),
            ("hour", NOON - timedelta(seconds=1), NOON),
            ("day", NOON - timedelta(hours=12, seconds=1), NOON - timedelta(hours=12)),
            ("week", NOON - timedelta(hours=36, seconds=1), NOON - timedelta(hours=36)),  # Monday, 0:00
        ],
    )
    def test_boundary(self, path: Path, every: Period, last: datetime, now: datetime) -> None:
        """A file whose last line is of an earlier period is set aside, in UTC; one of the same is not."""
        path.write_text("line\n")
        os.utime(path, (last.timestamp(), last.timestamp()))
        assert Rotation(str(path), Rotate(every=every), clock=now.timestamp).is_due(path.stat(), 1)
        before = now - timedelta(seconds=1)
        assert not Rotation(str(path), Rotate(every=every), clock=before.timestamp).is_due(path.stat(), 1)

    def test_earlier_run(self, path: Path) -> None:
        """The lines of an earlier period that another run left are set aside before the first new one."""
        sink_of(path, every="day")(line_of(1))
        os.utime(path, (1, 1))
        sink = sink_of(path, every="day")
        sink(line_of(2))
        sink(line_of(3))
        sink.close()
        (old,) = rotated(str(path))
        assert content_of(Path(old.path)).count(b"\n") == 1
        assert path.read_bytes().count(b"\n") == 2

    def test_empty(self, path: Path) -> None:
        """An empty file is not set aside."""
        path.touch()
        os.utime(path, (1, 1))
        assert not Rotation(str(path), Rotate(every="day")).is_due(path.stat(), 1)


@pytest.fixture
def reader(path: Path) -> Iterator[int]:
    """Somebody who has the first file open for writing, as another process does."""
    path.write_text("first\n")
    number = os.open(path, os.O_WRONLY | os.O_APPEND)
    fcntl.flock(number, fcntl.LOCK_SH)
    yield number
    os.close(number)


class TestArchive:
    """`keep` and `compress`."""

    def test_compressed(self, path: Path) -> None:
        """Rotated files are compressed, with the mode and time of the file; nothing else is left behind."""
        sink = sink_of(path, max_bytes=1, compress="gzip")
        for number in range(4):
            sink(line_of(number))
        wait_until(lambda: [file.is_compressed for file in rotated(str(path))] == [True] * 3)
        sink.close()
        assert len(all_lines(path)) == 4
        assert {file.stat().st_mode & 0o777 for file in files_of(path)} == {0o600}
        assert sorted(file.name for file in path.parent.iterdir()) == sorted(
            [".t.lock", *(file.name for file in files_of(path))]
        )

    def test_kept(self, path: Path) -> None:
        """The oldest beyond the number are deleted, compressed or not."""
        for compress in ("gzip", None):
            sink = sink_of(path, max_bytes=1, compress=compress, keep=2)
            for number in range(6):
                sink(line_of(number))
            wait_until(lambda: len(rotated(str(path))) == 2)
            sink.close()
        assert [line["trace_id"] for line in all_lines(path)] == [
            f"sys_1_{number:04}" for number in (3, 4, 5)
        ]

    @pytest.mark.parametrize("rule", [{"compress": "gzip"}, {"keep": 1}])
    def test_left_while_open(self, path: Path, reader: int, rule: dict[str, Any]) -> None:
        """A file that another process has open is neither compressed nor deleted before that closes it."""
        sink = sink_of(path, max_bytes=1, **rule)
        sink(line_of(1))
        sink(line_of(2))
        sink(line_of(3))
        first = rotated(str(path))[0]
        if "compress" in rule:
            wait_until(lambda: [file.is_compressed for file in rotated(str(path))] == [False, True, True])
        else:
            wait_until(lambda: len(rotated(str(path))) == 2)
        os.write(reader, b"late\n")
        assert Path(first.path).read_text() == "first\nlate\n"
        fcntl.flock(reader, fcntl.LOCK_UN)
        sink(line_of(4))  # the next rotation does what was left, if the thread has given up
        wait_until(lambda: not Path(first.path).exists())
        sink.close()
        if "compress" in rule:
            assert gzip.decompress(Path(f"{first.path}.gz").read_bytes()) == b"first\nlate\n"

    def test_killed_within(self, path: Path) -> None:
        """What a compression that was killed left behind is taken away, or made again, by the next one."""
        sink = sink_of(path, max_bytes=1)
        sink(line_of(1))
        sink(line_of(2))
        sink.close()
        (file,) = rotated(str(path))
        (path.parent / f".{Path(file.path).name}.gz.part").write_bytes(b"half")
        Path(f"{file.path}.gz").write_bytes(b"half")
        sink = sink_of(path, max_bytes=1_000, compress="gzip")
        sink(line_of(3))
        wait_until(lambda: not Path(file.path).exists())
        sink.close()
        assert len(all_lines(path)) == 3
        assert not list(path.parent.glob(".*.part"))

    def test_off_the_callers_path(self, path: Path) -> None:
        """Compression takes place in a thread of its own, which ends when there is nothing left to do."""
        sink = sink_of(path, max_bytes=1, compress="gzip")
        for number in range(20):
            sink(line_of(number))
        wait_until(lambda: all(file.is_compressed for file in rotated(str(path))))
        wait_until(lambda: "dopejar-archive" not in {thread.name for thread in threading.enumerate()})
        sink.close()

    def test_end_is_not_delayed(self, tmp_path: Path) -> None:
        """A process that ends does not wait for a large file to be compressed; the next one does it."""
        code = """
from dopejar_tracing.sinks.jsonl import archive
archive._STOP = 60  # seconds until the thread has noticed, however busy the machine is
with open("trace.jsonl", "wb") as file:
    file.seek(100 * 10**9)  # a hole, but to compress it takes minutes
    file.write(b"\\n")
t.configure(enabled=True, console="never", rotate={"max_bytes": 1_000, "compress": "gzip"})
t.trace_event("sys", "x")
"""
        assert run(code, tmp_path) == ("", "")
        assert not list(tmp_path.glob(".*.part"))
        assert not list(tmp_path.glob("*.gz"))
        assert len(files_of(tmp_path / "trace.jsonl")) == 2

    def test_fork(self, tmp_path: Path) -> None:
        """A process that forks while it compresses is not warned of a thread, and both trace on."""
        code = """
import os, sys, time
from dopejar_tracing.sinks.jsonl import archive
archive._STOP = 60  # seconds until the thread has noticed, however busy the machine is
t.configure(enabled=True, console="never", rotate={"max_bytes": 3_000, "compress": "gzip"})
for number in range(200):
    t.trace_event("sys", "x")
    if number % 10 == 0:
        pid = os.fork()
        if pid == 0:
            t.trace_event("sys", "child")
            os._exit(0)
        os.waitpid(pid, 0)
"""
        assert run(code, tmp_path, env={"PYTHONWARNINGS": "error"}) == ("", "")
        assert len(all_lines(tmp_path / "trace.jsonl")) == 220


class TestCannotRotate:
    """A folder that does not let us."""

    def test_said_once(self, path: Path, capfd: Any) -> None:
        """The file goes on growing, and that is said once."""
        (path.parent / ".t.lock").mkdir()
        sink = sink_of(path, max_bytes=1)
        for number in range(20):
            sink(line_of(number))
        sink.close()
        assert len(all_lines(path)) == 20
        assert capfd.readouterr().err == "dopejar_tracing: t: cannot be rotated: Is a directory; it grows\n"


class TestAgain:
    """What did not work out the first time."""

    def test_overdue(self, path: Path) -> None:
        """A rotation by time that failed is tried again, though lines were written meanwhile."""
        path.write_text("old\n")
        os.utime(path, (1, 1))
        (path.parent / ".t.lock").mkdir()
        sink = sink_of(path, every="day")
        sink(line_of(1))
        (path.parent / ".t.lock").rmdir()
        while not rotated(str(path)):
            sink(line_of(2))
        sink.close()
        assert Path(rotated(str(path))[0].path).read_text().startswith("old\n")

    def test_new_rule(self, path: Path) -> None:
        """A rule for rotated files that comes later takes effect on those that are there."""
        sink = sink_of(path, max_bytes=1)
        for number in range(5):
            sink(line_of(number))
        sink.adopt(Settings(rotate=Rotate(max_bytes=1, keep=1, compress="gzip")))
        wait_until(lambda: [file.is_compressed for file in rotated(str(path))] == [True])
        sink.close()
