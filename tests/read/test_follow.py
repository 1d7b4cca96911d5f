"""Following files: every line once, whatever becomes of the files."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from helpers import run_python, wait_until
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sinks.jsonl.programs import all_lines, content_of, files_of, started

from dopejar_tracing.read.follow import Arrival, Follower, Mark
from dopejar_tracing.read.follow.splitter import UNREADABLE, Splitter

OPEN = Path("/proc/self/fd")


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class Files:
    """A follower, what it complained of, and what is done to the files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "t"
        self.clock = Clock()
        self.problems: list[str] = []
        self.followers: list[Follower] = []
        self.stamp = 0

    def follow(self, *names: Path | str, starts: dict[str, Mark] | None = None) -> Follower:
        """Begin to follow."""
        follower = Follower(
            [str(name) for name in names or (self.path,)],
            starts=starts,
            complain=self.problems.append,
            clock=self.clock,
        )
        self.followers.append(follower)
        return follower

    def append(self, text: str, path: Path | None = None) -> None:
        """Write to the end of the file."""
        with (path or self.path).open("a") as file:
            file.write(text)

    def rotate(self, path: Path | None = None) -> Path:
        """Set the file aside."""
        self.stamp += 1
        path = path or self.path
        return path.rename(f"{path}.20260113T140000.{self.stamp:06}")

    def mark(self, offset: int) -> Mark:
        """A place in the file."""
        status = self.path.stat()
        return Mark(status.st_dev, status.st_ino, offset)


def pack(path: Path, *, crash: bool = False) -> None:
    """Compress a rotated file, as the archive does."""
    partial = path.with_name(f".{path.name}.gz.part")
    partial.write_bytes(gzip.compress(path.read_bytes()))
    partial.rename(f"{path}.gz")
    if not crash:
        path.unlink()


def texts(arrivals: list[Arrival]) -> list[str]:
    """The lines alone."""
    return [arrival.data.decode() for arrival in arrivals]


def everything(follower: Follower) -> list[str]:
    """What there is, in as many polls as it takes."""
    found = texts(follower.poll())
    while not follower.caught_up:
        found += texts(follower.poll())
    return found


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    """A folder with nothing in it yet."""
    made = Files(tmp_path)
    yield made
    for follower in made.followers:
        follower.close()


class TestGrowth:
    """A file that grows."""

    def test_what_is_there_then_what_comes(self, files: Files) -> None:
        """What is in the file comes first, then what is appended, each line once."""
        files.append("a\nb\n")
        follower = files.follow()
        assert follower.poll() == [Arrival(str(files.path), b"a"), Arrival(str(files.path), b"b")]
        assert follower.poll() == []
        files.append("c\n")
        assert texts(follower.poll()) == ["c"]

    def test_not_there_yet(self, files: Files) -> None:
        """A file that does not exist is waited for, and so is its folder; that is no problem."""
        path = files.folder / "later" / "t"
        follower = files.follow(path)
        assert follower.poll() == []
        assert follower.caught_up
        path.parent.mkdir()
        files.append("a\n", path)
        assert texts(follower.poll()) == ["a"]
        assert files.problems == []

    def test_torn(self, files: Files) -> None:
        """A line without its newline waits for it, however many pieces it comes in."""
        follower = files.follow()
        for piece in ("{", '"a"', ": 1", "}"):
            files.append(piece)
            assert follower.poll() == []
            assert follower.caught_up
        files.append("\nb")
        assert texts(follower.poll()) == ['{"a": 1}']
        files.append("\n")
        assert texts(follower.poll()) == ["b"]

    def test_torn_piece_taken_away(self, files: Files) -> None:
        """A writer that takes a torn piece away and goes on does not bring the earlier lines again."""
        follower = files.follow()
        files.append("a\nb\ntorn")
        assert texts(follower.poll()) == ["a", "b"]
        os.truncate(files.path, 4)
        files.append("a longer line than the piece was\n")
        assert texts(follower.poll()) == ["a longer line than the piece was"]

    def test_torn_piece_alike(self, files: Files) -> None:
        """A line that differs in its ID alone from the piece in whose place it comes is not glued to that."""
        follower = files.follow()
        files.append("a\n" + '{"id":1,"text":"' + "x" * 5_000)
        follower.poll()
        os.truncate(files.path, 2)
        line = '{"id":2,"text":"' + "x" * 6_000 + '"}'
        files.append(f"{line}\n")
        assert texts(follower.poll()) == [line]

    def test_bytes_as_they_are(self, files: Files) -> None:
        """Lines are handed on as bytes, whatever they hold; a byte order mark is no part of the first."""
        files.path.write_bytes(b"\xef\xbb\xbfa\r\n\n\xff\0\n")
        assert [arrival.data for arrival in files.follow().poll()] == [b"a\r", b"", b"\xff\0"]

    def test_limit(self, files: Files) -> None:
        """A poll brings about as much as it may; the rest comes with the next ones."""
        lines = [f"{number:099}" for number in range(10_000)]
        files.append("".join(f"{line}\n" for line in lines))
        follower = files.follow()
        found = []
        for count in range(1, 11):
            found += texts(follower.poll(100_000))
            assert len(found) == 1_000 * count
            assert not follower.caught_up
        assert follower.poll(100_000) == []
        assert follower.caught_up
        assert found == lines

    def test_huge_line(self, files: Files) -> None:
        """A line of 100 MB comes whole, in polls of the limit, in a time that grows with its length."""

        def seconds(size: int) -> float:
            path = files.folder / str(size)
            path.write_bytes(b"x" * size + b"\n")
            follower = files.follow(path)
            begin = time.process_time()
            found = follower.poll(1 << 20)
            assert not follower.caught_up
            while not follower.caught_up:
                found += follower.poll(1 << 20)
            assert [len(arrival.data) for arrival in found] == [size]
            return time.process_time() - begin

        short, long = min(seconds(4_000_000 + each) for each in range(3)), seconds(100_000_000)
        assert long < 25 * 6 * (short + 0.01)  # the square would be 625

    def test_byte_by_byte(self, files: Files) -> None:
        """A line that comes in very many small pieces costs no more than its length."""
        splitter = Splitter()
        begin = time.process_time()
        assert not any(splitter.feed(b"xy") for _ in range(1_000_000))
        assert splitter.feed(b"z\n") == [b"xy" * 1_000_000 + b"z"]
        assert time.process_time() - begin < 30

    def test_endless_line(self) -> None:
        """Of a line that never ends nothing is kept; it comes as something that is no line of ours."""
        splitter = Splitter(longest=5_000)
        assert splitter.feed(b"a\n" + b"x" * 5_001) == [b"a"]
        for _ in range(1_000):
            assert splitter.feed(b"x" * 1_000) == []
            assert len(splitter._piece) <= 2_024
        assert splitter.feed(b"x\nb\nc") == [UNREADABLE, b"b"]
        assert splitter.feed(b"\n") == [b"c"]


class TestRotation:
    """The file is set aside, and another one begun."""

    def test_old_then_new(self, files: Files) -> None:
        """The rest of the old file comes before what is in the new one, under the name that was followed."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        files.append("b\n")
        files.rotate()
        files.append("c\n")
        assert follower.poll() == [Arrival(str(files.path), b"b"), Arrival(str(files.path), b"c")]

    def test_late_lines(self, files: Files) -> None:
        """What others append to the old file after it was set aside comes, unless it fell silent."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        old = files.rotate()
        files.append("b\n")
        assert texts(follower.poll()) == ["b"]
        for number in range(5):
            files.clock.now += 4
            files.append(f"late {number}\n", old)
            assert texts(follower.poll()) == [f"late {number}"]

    @pytest.mark.parametrize("packed", ["none", "all", "some", "crashed"])
    def test_several_at_once(self, files: Files, packed: str) -> None:
        """Files that came and were set aside between two polls are read in their order, compressed or not."""
        files.append("0\n")
        follower = files.follow()
        follower.poll()
        for number in range(1, 9):
            files.append(f"{number}\n")
            old = files.rotate()
            if packed in {"all", "crashed"} or (packed == "some" and number % 2):
                pack(old, crash=packed == "crashed")
        files.append("9\n")
        assert everything(follower) == [str(number) for number in range(1, 10)]
        files.rotate()
        assert everything(follower) == []

    def test_compressed_while_open(self, files: Files) -> None:
        """A file that is compressed while it is held is read from what is held, and not a second time."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        files.append("b\n")
        pack(files.rotate())
        files.append("c\n")
        assert everything(follower) == ["b", "c"]
        pack(files.rotate())
        assert everything(follower) == []

    def test_deleted_then_rotated(self, files: Files) -> None:
        """A file that is held and was deleted is not taken for the first one that was rotated since."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        files.path.unlink()
        files.append("b\n")
        pack(files.rotate())
        assert everything(follower) == ["b"]

    def test_nothing_follows(self, files: Files) -> None:
        """A file that came and was set aside is found within a second, also if no other comes."""
        follower = files.follow()
        follower.poll()
        files.append("a\n")
        files.rotate()
        files.clock.now += 1
        assert everything(follower) == ["a"]

    def test_old_ones_are_not_read(self, files: Files) -> None:
        """What was set aside before is not read."""
        files.append("old\n")
        pack(files.rotate())
        files.append("older\n")
        files.rotate()
        files.append("a\n")
        follower = files.follow()
        assert everything(follower) == ["a"]
        files.rotate()
        files.clock.now += 1
        assert everything(follower) == []

    def test_moved_by_others(self, files: Files) -> None:
        """Another name than ours for the old file does not matter, since it is held."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        files.append("b\n")
        files.path.rename(files.folder / "t.1")
        files.append("c\n")
        assert everything(follower) == ["b", "c"]

    def test_moved_back(self, files: Files) -> None:
        """A file that comes back to its name is not read again."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        old = files.rotate()
        assert follower.poll() == []
        old.rename(files.path)
        files.append("b\n")
        assert everything(follower) == ["b"]

    def test_kept_few(self, files: Files) -> None:
        """A rotated file that was deleted before it could be read is missed, and that is said."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        old = []
        for size in (100_000, 10, 10):
            files.append("x" * size + "\n")
            old.append(files.rotate())
        files.append("b\n")
        assert follower.poll(1) == []
        old[1].unlink()
        assert [len(text) for text in everything(follower)] == [100_000, 10, 1]
        assert files.problems == [f"{old[1]}: was deleted before it was read"]

    def test_damaged(self, files: Files) -> None:
        """Of a compressed file that is damaged comes what can be read; that is said."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        files.rotate()
        files.append("".join(f"{random.random()}\n" for _ in range(20_000)))
        old = files.rotate()
        pack(old)
        packed = Path(f"{old}.gz")
        os.truncate(packed, packed.stat().st_size // 2)
        files.append("b\n")
        found = everything(follower)
        assert len(found) > 1_000
        assert found[-1] == "b"
        assert len(files.problems) == 1
        assert files.problems[0].startswith(f"{old}: is damaged: ")

    def test_descriptors(self, files: Files) -> None:
        """A thousand rotations leave no descriptor behind; nor does any end in a child of this process."""
        files.append("a\n")
        follower = files.follow()
        before = len(list(OPEN.iterdir()))
        for number in range(500):
            files.append(f"{number}\n")
            pack(files.rotate()) if number % 2 else files.rotate()
            if number % 7 == 0:
                follower.poll()
                files.clock.now += 0.1
        for number in range(500):
            files.append(f"{number}\n")
            files.rotate()
        files.append("z\n")
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(limits[0], 300), limits[1]))
        try:
            assert everything(follower)[-1] == "z"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert files.problems == []
        ours = [each for each in _descriptors() if str(files.path) in each[1]]
        assert all(fcntl.fcntl(number, fcntl.F_GETFD) & fcntl.FD_CLOEXEC for number, _ in ours)

        def are_closed() -> bool:
            files.clock.now += 10
            assert follower.poll() == []
            return len(list(OPEN.iterdir())) <= before + 1

        wait_until(are_closed)  # when the files have not been written to for a moment
        follower.close()
        assert len(list(OPEN.iterdir())) <= before


def _descriptors() -> Iterator[tuple[int, str]]:
    for each in OPEN.iterdir():
        with suppress(OSError):  # that of the listing
            yield int(each.name), str(each.readlink())


class TestTruncation:
    """The file is cut short."""

    def test_shorter(self, files: Files) -> None:
        """What is in a file that was truncated comes from its beginning."""
        files.append("a\nb\n")
        follower = files.follow()
        follower.poll()
        os.truncate(files.path, 0)
        files.append("c\n")
        assert texts(follower.poll()) == ["c"]

    @pytest.mark.parametrize("between", [True, False], ids=["seen empty", "not seen"])
    @pytest.mark.parametrize("count", [1, 50, 51, 500])
    def test_grown_again(self, files: Files, count: int, between: bool) -> None:
        """It is noticed whether the file is shorter again, as long as it was, or longer."""
        files.append("".join(f"before {number:09}\n" for number in range(50)))
        follower = files.follow()
        follower.poll()
        os.truncate(files.path, 0)
        if between:
            assert follower.poll() == []
        lines = [f"behind {number:09}" for number in range(count)]
        files.append("".join(f"{line}\n" for line in lines))
        assert texts(follower.poll()) == lines

    def test_same_ends(self, files: Files) -> None:
        """A file that differs in its beginning alone is another one."""
        same = "x" * 5_000 + "\n"
        files.append("a\n" + same)
        follower = files.follow()
        follower.poll()
        os.truncate(files.path, 0)
        files.append("b\n" + same + "c\n")
        assert texts(follower.poll()) == ["b", same[:-1], "c"]

    def test_touched(self, files: Files) -> None:
        """A file of which only the time changes is not read again."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        os.utime(files.path, (1, 1))
        assert follower.poll() == []


class TestDeletion:
    """The file goes away, and comes again."""

    def test_rest_then_new(self, files: Files) -> None:
        """The rest of a deleted file comes, then what is in the one that is made in its place."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        files.append("b\n")
        files.path.unlink()
        assert texts(follower.poll()) == ["b"]
        assert follower.poll() == []
        files.append("c\n")
        assert texts(follower.poll()) == ["c"]

    def test_replaced(self, files: Files) -> None:
        """A file that another one is moved over is read to its end, then the other from its beginning."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        files.append("b\n")
        (files.folder / "new").write_text("a\nc\n")
        (files.folder / "new").rename(files.path)
        assert texts(follower.poll()) == ["b", "a", "c"]

    def test_folder_deleted(self, files: Files) -> None:
        """The whole folder may go, and come again."""
        path = files.folder / "logs" / "t"
        follower = files.follow(path)
        for text in ("a", "b", "c"):
            path.parent.mkdir()
            files.append(f"{text}\n", path)
            assert texts(follower.poll()) == [text]
            shutil.rmtree(path.parent)
            assert follower.poll() == []
        assert files.problems == []

    @pytest.mark.parametrize("kind", ["folder", "fifo", "device", "loop"])
    def test_no_file(self, files: Files, kind: str) -> None:
        """What is no file is not waited on; it is said once, and a file in its place is read."""
        make: dict[str, Callable[[], object]] = {
            "folder": files.path.mkdir,
            "fifo": lambda: os.mkfifo(files.path),
            "device": lambda: files.path.symlink_to("/dev/zero"),
            "loop": lambda: files.path.symlink_to(files.path),
        }
        make[kind]()
        follower = files.follow()
        for _ in range(10):
            assert follower.poll() == []
            files.clock.now += 0.5
        (complaint,) = files.problems
        assert complaint.startswith(f"{files.path}: ")
        files.path.rmdir() if kind == "folder" else files.path.unlink()
        files.append("a\n")
        assert texts(follower.poll()) == ["a"]

    def test_folder_in_its_place(self, files: Files) -> None:
        """A file whose place a folder takes is read to its end."""
        files.append("a\n")
        follower = files.follow()
        follower.poll()
        files.append("b\n")
        files.path.unlink()
        files.path.mkdir()
        assert texts(follower.poll()) == ["b"]
        assert files.problems == [f"{files.path}: is a folder"]

    def test_permission(self, tmp_path: Path) -> None:
        """Files and folders that may not be read are said once, waited for, and then read."""
        done = run_python(_PERMISSION, tmp_path)
        assert done.stderr == ""
        assert json.loads(done.stdout) == {
            "file": [[], ["a"]],
            "folder entered": [["b"], ["c"]],
            "folder listed": [["d"], ["e"]],
            "problems": [
                "t: Permission denied",
                "t: Permission denied",
                ".: what is rotated between two looks is missed: Permission denied",
            ],
        }


_PERMISSION = """
import json, os
from dopejar_tracing.read.follow import Follower

folder = os.open(".", os.O_RDONLY)
if not os.geteuid():
    os.chown(".", 65534, 65534)
    os.seteuid(65534)
problems, now = [], [0.0]
follower = Follower(["t"], complain=problems.append, clock=lambda: now[0])

def append(text, path="t"):
    with open(path, "a") as file:
        file.write(text)

def lines():
    now[0] += 1
    return [each.data.decode() for each in follower.poll() + follower.poll()]

found = {}
append("a\\n")
os.chmod("t", 0)
found["file"] = [lines()]
os.chmod("t", 0o600)
found["file"] += [lines()]
with open("t", "a") as writer:
    os.chmod(folder, 0)
    writer.write("b\\n")
    writer.flush()
    found["folder entered"] = [lines()]
os.chmod(folder, 0o700)
append("c\\n")
found["folder entered"] += [lines()]
os.rename("t", "t.20260113T140000.000001")
append("d\\n")
os.chmod(folder, 0o300)
found["folder listed"] = [lines()]
os.rename("t", "t.20260113T140000.000002")
os.chmod(folder, 0o700)
append("e\\n")
found["folder listed"] += [lines()]
found["problems"] = problems
print(json.dumps(found))
"""


class TestStarts:
    """Reading goes on where somebody else stopped."""

    def test_in_the_file(self, files: Files) -> None:
        """What stands before the mark does not come."""
        files.append("a\nb\n")
        follower = files.follow(starts={str(files.path): files.mark(2)})
        assert everything(follower) == ["b"]

    @pytest.mark.parametrize("packed", [False, True])
    def test_rotated_since(self, files: Files, packed: bool) -> None:
        """If the file was set aside since, its rest comes, then all that were written after it."""
        files.append("older\n")
        files.rotate()
        files.append("a\nb\n")
        mark = files.mark(2)
        files.rotate()
        files.append("c\n")
        old = files.rotate()
        if packed:
            pack(old)
        files.append("d\n")
        assert everything(files.follow(starts={str(files.path): mark})) == ["b", "c", "d"]

    @pytest.mark.parametrize("name", ["t", "t*"])
    def test_found_at_once(self, files: Files, name: str) -> None:
        """A file with a mark is opened at once: before the first poll it may be set aside and compressed."""
        files.append("a\nb\n")
        follower = files.follow(files.folder / name, starts={str(files.path): files.mark(2)})
        files.append("c\n")
        pack(files.rotate())
        files.append("d\n")
        assert everything(follower) == ["b", "c", "d"]

    def test_gone(self, files: Files) -> None:
        """If the file is gone, the new one is read from its beginning, and that is said."""
        files.append("a\n")
        mark = files.mark(2)
        (files.folder / "new").write_text("b\n")
        (files.folder / "new").rename(files.path)
        assert everything(files.follow(starts={str(files.path): mark})) == ["b"]
        assert files.problems == [
            f"{files.path}: the file that was read is gone, and what came since with it"
        ]

    def test_older_ones_were_read(self, files: Files) -> None:
        """Who read the file up to a mark has read those that were set aside before it."""
        files.append("older\n")
        files.rotate()
        files.append("a\nb\n")
        follower = files.follow(files.folder / "t*", starts={str(files.path): files.mark(2)})
        assert everything(follower) == ["b"]

    def test_opened_later(self, files: Files) -> None:
        """The mark holds if the file cannot be opened at first."""
        files.append("a\nb\n")
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            follower = files.follow(starts={str(files.path): files.mark(2)})
            assert follower.poll() == []
            assert follower.caught_up
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        files.clock.now += 1
        assert everything(follower) == ["b"]

    @pytest.mark.parametrize("offset", [3, 100])
    def test_no_line_ends_there(self, files: Files, offset: int) -> None:
        """A mark where no line ends is of another file with the same inode."""
        files.append("a\nbb\n")
        assert everything(files.follow(starts={str(files.path): files.mark(offset)})) == ["a", "bb"]


class TestSeveral:
    """Several files."""

    @staticmethod
    def line(second: int, name: str = "") -> str:
        """A line that began then."""
        return f'{{"n": "{name}", "timestamp": "2026-01-13T14:00:{second:02}.000000+00:00"}}'

    def test_order_of_time(self, files: Files) -> None:
        """What one poll finds in several files is ordered by time; order within a file is never changed."""
        one = [self.line(1), self.line(4), "no time", "nor here", self.line(3), self.line(7)]
        two = [self.line(2), self.line(5), self.line(6)]
        for name, lines in (("one", one), ("two", two)):
            files.append("".join(f"{line}\n" for line in lines), files.folder / name)
        follower = files.follow(files.folder / "one", files.folder / "two")
        merged = [one[0], two[0], *one[1:5], *two[1:], one[5]]
        assert texts(follower.poll()) == merged

    def test_other_spellings(self, files: Files) -> None:
        """Times compare as moments, in whatever zone and spelling; what is within a text is no time."""
        lines = [
            '{"timestamp":"2026-01-13T13:59:59Z"}',
            '{"input_summary":"\\"timestamp\\":\\"2027-01-01T00:00:00Z\\"","timestamp":"2026-01-13T15:00:00+01:00"}',
            '{"metadata":{"timestamp":"2027-01-01T00:00:00Z"},"timestamp":"2026-01-13T14:00:01"}',
        ]
        for number, line in enumerate(reversed(lines)):
            files.append(f"{line}\n", files.folder / str(number))
        assert texts(files.follow(*(files.folder / str(number) for number in range(3))).poll()) == lines

    def test_limited(self, files: Files) -> None:
        """The order holds over polls that are limited, too, for what was there before the first."""
        for name in range(3):
            lines = (
                self.line(second, f"{name} {number}") for second in range(name, 60, 3) for number in range(99)
            )
            files.append("".join(f"{line}\n" for line in lines), files.folder / str(name))
        follower = files.follow(files.folder / "*")
        found = everything(follower)
        limited = files.follow(files.folder / "*")
        one_by_one = texts(limited.poll(1))
        while not limited.caught_up:
            one_by_one += texts(limited.poll(1_000))
        assert one_by_one == found
        assert len(found) == 60 * 99
        times = [json.loads(line)["timestamp"] for line in found]
        assert times == sorted(times)

    def test_pattern(self, files: Files) -> None:
        """A pattern finds files that come later, within a second."""
        files.append("a\n", files.folder / "one.jsonl")
        follower = files.follow(files.folder / "*.jsonl")
        assert follower.poll() == [Arrival(str(files.folder / "one.jsonl"), b"a")]
        files.append("b\n", files.folder / "two.jsonl")
        files.append("c\n", files.folder / "two.txt")
        files.clock.now += 0.5
        assert follower.poll() == []
        files.clock.now += 0.5
        assert follower.poll() == [Arrival(str(files.folder / "two.jsonl"), b"b")]

    def test_pattern_finds_late(self, files: Files) -> None:
        """Of a file that a pattern finds later, what was rotated since the last look comes, nothing older."""
        path = files.folder / "one.jsonl"
        files.append("old\n", path)
        old = files.rotate(path)
        os.utime(old, (1, 1))
        follower = files.follow(files.folder / "*.jsonl")
        assert everything(follower) == []
        for number in range(3):
            files.append(f"{number}\n", path)
            rotated = files.rotate(path)
            if number == 1:
                pack(rotated)
        files.append("3\n", path)
        files.clock.now += 1
        assert everything(follower) == ["0", "1", "2", "3"]

    def test_pattern_finds_rotated_first(self, files: Files) -> None:
        """If a pattern finds the rotated file while none stands in its place, the next one belongs to it."""
        files.append("a\n")
        files.rotate()
        follower = files.follow(files.folder / "t*")
        assert follower.poll() == [Arrival(str(files.path), b"a")]
        files.append("b\n")
        pack(files.rotate())
        files.append("c\n")
        files.clock.now += 1
        assert follower.poll() == [Arrival(str(files.path), b"b"), Arrival(str(files.path), b"c")]

    @pytest.mark.parametrize("who", ["we", "the shell"])
    def test_pattern_with_rotated(self, files: Files, who: str) -> None:
        """Rotated files that a pattern finds at first come before the file; later ones do not come twice."""
        for number in range(3):
            files.append(f"{number}\n")
            old = files.rotate()
            if number < 2:
                pack(old, crash=number == 0)
        files.append("3\n")
        names = sorted(files.folder.glob("t*")) if who == "the shell" else [files.folder / "t*"]
        follower = files.follow(*names)
        assert follower.poll() == [Arrival(str(files.path), str(number).encode()) for number in range(4)]
        for number in range(4, 9):
            files.append(f"{number}\n")
            pack(files.rotate())
            files.clock.now += 1
            assert texts(follower.poll()) == [str(number)]

    def test_rotated_alone(self, files: Files) -> None:
        """A rotated file is read once, also if it is compressed while a pattern finds it under both names."""
        files.append("a\n")
        one = files.rotate()
        files.append("b\n")
        pack(files.rotate())
        follower = files.follow(files.folder / "t.*")
        assert sorted(everything(follower)) == ["a", "b"]
        pack(one)
        files.clock.now += 2
        assert everything(follower) == []

    def test_brackets_in_a_name(self, files: Files) -> None:
        """A file whose name looks like a pattern is a file."""
        path = files.folder / "t[1]"
        files.append("a\n", path)
        assert texts(files.follow(path).poll()) == ["a"]

    def test_named_twice(self, files: Files) -> None:
        """A file that is named several times is read once."""
        files.append("a\n")
        follower = files.follow(files.path, files.folder / "." / "t", "t", files.folder / "?")
        assert texts(follower.poll()) == ["a"]


class TestCost:
    """What a poll costs when nothing changed."""

    def test_compressed_files_are_closed(self, files: Files) -> None:
        """A compressed file that was read is not held."""
        files.append("a\n")
        old = files.rotate()
        pack(old)
        follower = files.follow(f"{old}.gz")
        assert everything(follower) == ["a"]
        assert not any(str(files.folder) in target for _, target in _descriptors())
        assert everything(follower) == []

    def test_too_few_descriptors(self, files: Files) -> None:
        """Without a free descriptor what is open is read on; nothing is lost when there is one again."""
        files.append("a\n")
        follower = files.follow()
        assert everything(follower) == ["a"]
        files.append("b\n")
        files.rotate()
        files.append("c\n")
        pack(files.rotate())
        files.append("d\n")
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            found = texts(follower.poll())
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert found == ["b"]
        assert files.problems == [f"{files.path}: Too many open files"]
        files.clock.now += 1
        assert everything(follower) == ["c", "d"]

    def test_calls(self, files: Files) -> None:
        """A file that did not change is neither read nor opened, only looked at."""
        for name in ("one", "two"):
            files.append("a\n", files.folder / name)
            os.utime(files.folder / name, (1, 1))
        follower = files.follow(files.folder / "one", files.folder / "two", files.folder / "missing")
        assert len(everything(follower)) == 2
        follower.poll()
        follower.poll()
        calls: list[str] = []

        def note(frame: object, event: str, argument: object) -> None:
            module = getattr(argument, "__module__", None)
            if event == "c_call" and module == "posix":
                calls.append(getattr(argument, "__name__", ""))

        sys.setprofile(note)
        try:
            follower.poll()
        finally:
            sys.setprofile(None)
        assert calls == ["stat"] * 3


_WRITER = """
import sys
from threading import Thread

t.configure(enabled=True, output="t", rotate={"max_bytes": 3_000, "compress": "gzip"})

def work(number):
    for i in range(int(sys.argv[2])):
        t.trace_event("memory", "write", metadata={"n": f"{sys.argv[1]} {number} {i}", "x": i % 7 * 50 * "x"})

print("ready", flush=True)
sys.stdin.read(1)
threads = [Thread(target=work, args=(number,)) for number in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
t.shutdown()
"""


class TestWriters:
    """Files that the package's own processes write, rotate and compress meanwhile."""

    @pytest.mark.parametrize("pause", [0.0, 0.1])
    @pytest.mark.parametrize("killed", [False, True])
    def test_every_line_once(self, tmp_path: Path, pause: float, killed: bool) -> None:
        """Four processes rotate a file hundreds of times: each line comes once, also if one is killed."""
        problems: list[str] = []
        follower = Follower(["t"], complain=problems.append)
        found: list[bytes] = []
        with ExitStack() as stack:
            writers = [stack.enter_context(started(_WRITER, tmp_path, name, 400)) for name in range(4)]
            for writer in writers:
                assert writer.stdout is not None
                assert writer.stdout.readline() == "ready\n"
            for writer in writers:
                assert writer.stdin is not None
                writer.stdin.write("!")
                writer.stdin.flush()
            next_poll = time.monotonic()

            def is_over() -> bool:
                nonlocal next_poll
                if time.monotonic() >= next_poll:
                    found.extend(arrival.data for arrival in follower.poll())
                    next_poll = time.monotonic() + pause
                if killed and found:
                    writers[0].kill()
                return all(writer.poll() is not None for writer in writers)

            wait_until(is_over, 120)
        found += [arrival.data for arrival in follower.poll()]
        while not follower.caught_up:
            found += [arrival.data for arrival in follower.poll()]
        follower.close()
        written = [line for file in _read_once(tmp_path / "t") for line in content_of(file).split(b"\n")[:-1]]
        assert Counter(found) == Counter(written)
        assert len(written) >= 2_400
        assert len(files_of(tmp_path / "t")) > 40
        assert problems == []
        if not killed:
            assert len(all_lines(tmp_path / "t")) == 3_200


def _read_once(path: Path) -> list[Path]:
    """Without what a crash left beside what it was compressed from."""
    return [file for file in files_of(path) if not (file.suffix == ".gz" and file.with_suffix("").exists())]


class Anything(RuleBasedStateMachine):
    """Anything that writers, rotation and people do, in any order: what comes equals what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "t"
        self.clock = Clock()
        self.problems: list[str] = []
        self.random = random.Random(7)
        self.follower = Follower([str(self.path)], complain=self.problems.append, clock=self.clock)
        self.follower.poll()
        self.count = 0
        self.stamp = 0
        self.written: list[str] = []
        self.found: list[str] = []
        self.in_order = True
        self.seen: int | None = None  # the inode that was seen last
        self.torn = ""  # what stands at the end of the file
        self.late: list[tuple[Path, str]] = []  # files that others may still write to, and what they end with

    def teardown(self) -> None:
        """All is read in the end."""
        self.clock.now += 1.5
        self.poll(8 << 20)
        self.follower.close()
        shutil.rmtree(self.folder)
        assert self.problems == []
        assert Counter(self.found) == Counter(self.written)
        if self.in_order:
            assert self.found == self.written

    @rule(limit=st.sampled_from([1, 100, 8 << 20]))
    def poll(self, limit: int) -> None:
        """Read on; in small portions, if there is a limit."""
        self.found += texts(self.follower.poll(limit))
        while not self.follower.caught_up:
            self.found += texts(self.follower.poll(limit))
        self.seen = self.path.stat().st_ino if self.path.exists() else None

    @rule(size=st.sampled_from([1, 10, 300, 2_000, 70_000]), count=st.integers(1, 3))
    def append(self, size: int, count: int) -> None:
        """Whole lines; a piece that stands at the end becomes the beginning of one."""
        lines = [self._text(size) for _ in range(count)]
        self._write("".join(f"{line}\n" for line in lines))
        self.written += [self.torn + lines[0], *lines[1:]]
        self.torn = ""

    @rule(size=st.sampled_from([1, 300, 2_000]))
    def append_piece(self, size: int) -> None:
        """Less than a line."""
        piece = self._text(size)
        self._write(piece)
        self.torn += piece

    @precondition(lambda self: self.torn)
    @rule(size=st.sampled_from([1, 300, 3_000]))
    def mend(self, size: int) -> None:
        """The piece is taken away, and a line comes in its place."""
        os.truncate(self.path, self.path.stat().st_size - len(self.torn))
        self.torn = ""
        self.append(size, 1)

    @precondition(lambda self: self.path.exists())
    @rule(packed=st.sampled_from(["no", "yes", "crashed"]))
    def rotate(self, packed: str) -> None:
        """The file is set aside."""
        self.stamp += 1
        old = self.path.rename(f"{self.path}.20260113T140000.{self.stamp:06}")
        if packed == "no":
            self.late.append((old, self.torn))
        else:
            pack(old, crash=packed == "crashed")
        self.torn = ""

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def append_late(self, data: st.DataObject) -> None:
        """Somebody has not noticed yet."""
        old, torn = self.late.pop(data.draw(st.integers(0, len(self.late) - 1)))
        line = self._text(20)
        with old.open("a") as file:
            file.write(f"{line}\n")
        self.written.append(torn + line)
        self.in_order = False
        self.late.append((old, ""))

    @precondition(lambda self: self.late)
    @rule(crash=st.booleans())
    def pack_later(self, crash: bool) -> None:
        """A file that was set aside earlier is compressed."""
        pack(self.late.pop(0)[0], crash=crash)

    @precondition(lambda self: self.path.exists())
    @rule(rest=st.booleans())
    def truncate(self, rest: bool) -> None:
        """What was in the file is lost, unless it was read; so read it before."""
        self.poll(8 << 20)
        os.truncate(self.path, 0)
        self.torn = ""
        if rest:
            self.append(self.random.choice([1, 50, 5_000]), 2)

    @precondition(lambda self: self.path.exists())
    @rule()
    def delete(self) -> None:
        """The file goes; what is in it comes, if the file was seen."""
        if self.seen != self.path.stat().st_ino:
            self.poll(8 << 20)
        self.path.unlink()
        self.torn = ""

    @rule(seconds=st.sampled_from([0.1, 1, 6]))
    def wait(self, seconds: float) -> None:
        """Time passes, and nobody writes to what was set aside before any more."""
        self.poll(8 << 20)
        self.clock.now += seconds
        self.late.clear()
        self.poll(8 << 20)

    @invariant()
    def nothing_twice(self) -> None:
        """No line comes twice."""
        assert len(set(self.found)) == len(self.found)

    def _text(self, size: int) -> str:
        self.count += 1
        return f"{self.count}:" + "x" * size

    def _write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)


Anything.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestAnything = Anything.TestCase
