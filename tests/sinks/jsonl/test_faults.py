"""A disk, a file system, a host that work against us: lines written + lines counted lost = lines sent."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import KEYS, clean_environment, run_python
from sinks.jsonl.programs import all_lines, content_of, files_of, run

from dopejar_tracing.settings import Settings
from dopejar_tracing.settings.rotate import Rotate
from dopejar_tracing.sinks.jsonl import JsonlSink
from dopejar_tracing.sinks.jsonl.torn import ends_within_a_line


def line_of(number: int, size: int = 0) -> dict[str, Any]:
    """A line with an ID of its own."""
    return {**dict.fromkeys(KEYS, ""), "trace_id": f"sys_1_{number:04}", "metadata": {"text": "x" * size}}


def counted(path: Path) -> tuple[int, int]:
    """How many lines are in the files, and how many the files say are missing."""
    lines = all_lines(path)
    gaps = [line for line in lines if line["operation"] == "gap"]
    return len(lines) - len(gaps), sum(gap["metadata"]["lost"] for gap in gaps)


class Fault:
    """A system call that fails for a while, for the sake of the test.

    Args:
        call: the one that is made if this does not fail.
        number: the error.
        skip: calls that succeed first.
        times: calls that fail.
    """

    def __init__(self, call: Callable[..., Any], number: int, skip: int, times: int) -> None:
        self.call, self.number, self.skip, self.times = call, number, skip, times
        self.failed = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Fail, or make the call."""
        self.skip -= 1
        if self.skip < 0 and self.failed < self.times:
            self.failed += 1
            raise OSError(self.number, os.strerror(self.number))
        return self.call(*args, **kwargs)


class TestSystemCalls:
    """Every system call that the sink makes, failing once, then for a while."""

    CALLS = (
        (os, "open", errno.EMFILE),
        (os, "open", errno.EACCES),
        (os, "write", errno.ENOSPC),
        (os, "write", errno.EIO),
        (os, "write", errno.EDQUOT),
        (os, "write", errno.EROFS),
        (os, "write", errno.EBADF),
        (os, "fstat", errno.EIO),
        (os, "stat", errno.EACCES),
        (os, "stat", errno.ENOENT),
        (os, "rename", errno.EXDEV),
        (os, "listdir", errno.EACCES),
        (os, "fsync", errno.EIO),
        (os, "unlink", errno.EPERM),
        (os, "close", errno.EIO),
        (os, "pread", errno.EIO),
        (fcntl, "flock", errno.ENOLCK),
        (fcntl, "flock", errno.EWOULDBLOCK),
        (fcntl, "fcntl", errno.EMFILE),
        (resource, "getrlimit", errno.EPERM),
    )

    @pytest.mark.parametrize("times", [1, 40])
    @pytest.mark.parametrize("skip", [0, 1, 7])
    @pytest.mark.parametrize(
        ("module", "name", "number"), CALLS, ids=lambda value: getattr(value, "__name__", None)
    )
    def test_equation(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any,
        module: Any, name: str, number: int, skip: int, times: int,
    ) -> None:  # fmt: skip
        """Nothing is raised; what is not in the files is counted there, and said."""
        path = tmp_path / "t"
        sink = JsonlSink(str(path), "", Settings(rotate=Rotate(max_bytes=3_000, compress="gzip", keep=1_000)))
        fault = Fault(getattr(module, name), number, skip, times)
        monkeypatch.setattr(module, name, fault)
        for turn in range(60):
            sink(line_of(turn))
        sink.close()
        monkeypatch.undo()
        sink(line_of(60))
        sink.close()
        written, lost = counted(path)
        assert written + lost == 61
        assert lost <= fault.failed
        said = [
            int(found.replace(",", ""))
            for found in re.findall(r": ([0-9,]+) lines? lost", capfd.readouterr().err)
        ]
        assert sum(said) == lost or name == "fstat"  # which is asked of stderr as well


class TestFullDisk:
    """A file system that fills, and is freed."""

    CODE = """
import os, threading
t.configure(enabled=True, console="never", output="disk/trace.jsonl", id_random=8, rotate=ROTATE)
def work(spans):
    for number in range(spans):
        # Random, so that it fills the disk compressed as well.
        t.trace_event("sys", "work", input=number, text=os.urandom(number * 37 % 900 // 2).hex())
def together():
    workers = [threading.Thread(target=work, args=(500,)) for _ in range(4)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
with open("disk/filler", "wb") as filler:
    filler.write(b"x" * 150_000)
together()
os.unlink("disk/filler")
together()
t.shutdown()
os.system("cp -a disk kept")
"""

    SEVERAL = """
import os, subprocess, sys, time
if len(sys.argv) > 1:
    t.configure(enabled=True, console="never", output="disk/trace.jsonl")
    losses = t.configure.__globals__["ACTIVE"].pipeline.sinks[0]._losses
    number = 0
    while not os.path.exists("stop"):
        t.trace_event("sys", "work", input=number, text="x" * (number * 37 % 900))
        number += 1
        if losses.is_open:
            open(f"full.{os.getpid()}", "w").close()
        time.sleep(0.0003)
    t.shutdown()
    print(number)
    sys.exit()
with open("disk/filler", "wb") as filler:
    filler.write(b"x" * 230_000)
workers = [subprocess.Popen([sys.executable, __file__, "work"], stdout=subprocess.PIPE) for _ in range(4)]
while not all(os.path.exists(f"full.{worker.pid}") for worker in workers):
    time.sleep(0.01)
for size in range(230_000, -1, -46_000):
    os.truncate("disk/filler", size)
    time.sleep(0.1)
os.unlink("disk/filler")
# Until there is room for all that each of them has to say of what it lost.
os.system("mount -o remount,size=40m disk")
time.sleep(0.5)
open("stop", "w").close()
print(sum(int(worker.communicate()[0]) for worker in workers))
os.system("cp -a disk kept")
"""

    @pytest.mark.parametrize("rotate", ["None", "{'max_bytes': 50_000, 'compress': 'gzip', 'keep': 50}"])
    def test_equation(self, tmp_path: Path, rotate: str) -> None:
        """Lines written + lines counted lost = lines sent."""
        _, err = self._on_a_disk(tmp_path, self.CODE.replace("ROTATE", rotate))
        written, in_gaps, torn = self._counted(tmp_path)
        said = "disk/trace.jsonl: No space left on device; lines are being lost, the application goes on"
        assert said in err
        (lost,) = re.findall(r"disk/trace.jsonl: ([0-9,]+) lines lost$", err, re.MULTILINE)
        assert written + int(lost.replace(",", "")) == 4_000
        assert in_gaps > 0
        assert torn <= 8  # one at most of each thread, each time that it filled

    @pytest.mark.parametrize(
        "turn", [0, *(pytest.param(turn, marks=pytest.mark.stress) for turn in range(1, 8))]
    )
    def test_several_processes(self, tmp_path: Path, turn: int) -> None:
        """The same for several processes; when all have room again, the file alone tells all of it."""
        out, err = self._on_a_disk(tmp_path, self.SEVERAL)
        written, in_gaps, _ = self._counted(tmp_path)
        said = re.findall(r"trace.jsonl: ([0-9,]+) lines lost$", err, re.MULTILINE)
        lost = sum(int(number.replace(",", "")) for number in said)
        assert lost > 0
        assert written + lost == written + in_gaps == int(out)

    def _on_a_disk(self, folder: Path, code: str) -> tuple[str, str]:
        """Run a program beside a small file system of its own, of which it keeps a copy."""
        (folder / "disk").mkdir()
        (folder / "program.py").write_text(f"import dopejar_tracing as t\n{code}")
        if not _may_mount(folder):
            pytest.skip("no user namespaces here, so no file system of a test's own")
        mount = f"mount -t tmpfs -o size=400k none disk && exec {sys.executable} program.py"
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", mount],
            cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    def _counted(self, folder: Path) -> tuple[int, int, int]:
        """Lines written, lines missing as the files say, and pieces of lines."""
        written, in_gaps, torn = 0, 0, 0
        for file in files_of(folder / "kept" / "trace.jsonl"):
            for text in content_of(file).splitlines():
                if not text.endswith(b"}"):
                    torn += 1
                    continue
                line = json.loads(text)
                written += line["operation"] == "work"
                in_gaps += line["metadata"].get("lost", 0)
        return written, in_gaps, torn


def _may_mount(folder: Path) -> bool:
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=64k none disk"]
    return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0


class TestNeighbours:
    """Other processes that come to grief."""

    def test_torn(self, tmp_path: Path) -> None:
        """A line begins on a line of its own behind the piece of one that a neighbour left."""
        sink = JsonlSink(str(tmp_path / "t"))
        sink(line_of(1))
        with (tmp_path / "t").open("ab") as neighbour:
            neighbour.write(b'{"trace_id":"half')
        sink(line_of(2))
        sink(line_of(3))
        sink.close()
        texts = (tmp_path / "t").read_text().splitlines()
        assert texts.pop(1) == '{"trace_id":"half'
        assert [json.loads(text)["trace_id"] for text in texts] == ["sys_1_0001", "sys_1_0002", "sys_1_0003"]

    def test_torn_while_another_thread_looks(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What another thread is looking at is looked at here too, before a line is glued to it."""
        monkeypatch.setattr("dopejar_tracing.sinks.jsonl.appender.PAUSE", 0)
        sink = JsonlSink(str(tmp_path / "t"))
        sink(line_of(1))
        with (tmp_path / "t").open("ab") as neighbour:
            neighbour.write(b'{"trace_id":"half')
        writer = threading.Thread(target=sink, args=(line_of(2),))
        with sink._appender._lock:
            writer.start()
            writer.join(0.3)  # it waits
        writer.join()
        sink.close()
        texts = (tmp_path / "t").read_text().splitlines()
        assert texts.pop(1) == '{"trace_id":"half'
        assert [json.loads(text)["trace_id"] for text in texts] == ["sys_1_0001", "sys_1_0002"]

    def test_own_threads(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lines that other threads of this process are writing are not taken for a neighbour's."""
        looks: list[int] = []

        def look(number: int, path: str, size: int) -> bool:
            looks.append(size)
            return ends_within_a_line(number, path, size)

        monkeypatch.setattr("dopejar_tracing.sinks.jsonl.appender.ends_within_a_line", look)
        monkeypatch.setattr("dopejar_tracing.sinks.jsonl.appender.LOOK", 0)
        sink = JsonlSink(str(tmp_path / "t"))

        def write(first: int) -> None:
            for number in range(first, first + 2_000):
                sink(line_of(number))

        threads = [threading.Thread(target=write, args=(2_000 * place,)) for place in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sink.close()
        assert len(all_lines(tmp_path / "t")) == 8_000
        assert looks == []

    def test_moved_and_deleted(self, tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lines that went into a deleted file are counted if they cannot be written again."""
        monkeypatch.setattr("dopejar_tracing.sinks.jsonl.appender.LOOK", 3_600)
        monkeypatch.setattr("dopejar_tracing.sinks.jsonl.appender.PAUSE", 3_600)
        (tmp_path / "folder").mkdir()
        sink = JsonlSink(str(tmp_path / "folder/t"))
        sink(line_of(1))
        shutil.rmtree(tmp_path / "folder")
        sink(line_of(2))
        sink(line_of(3))
        sink.close()
        assert capfd.readouterr().err.splitlines()[-1].endswith(": 3 lines lost")

    def test_held(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of lines in a file that was moved, and cannot be made anew, none is held in memory for long."""
        monkeypatch.setattr("dopejar_tracing.sinks.jsonl.appender._PATIENCE", 0)
        (tmp_path / "folder").mkdir()
        sink = JsonlSink(str(tmp_path / "folder/t"))
        sink(line_of(1))
        (tmp_path / "folder").rename(tmp_path / "moved")
        for number in range(100):
            sink(line_of(number))
        file = sink._appender._file
        assert file is not None
        assert len(file.unsure) < 10
        sink.close()
        assert (tmp_path / "moved/t").read_bytes().count(b"\n") == 101


class TestFileSizeLimit:
    """RLIMIT_FSIZE, and the signal that comes with it."""

    CODE = """
import resource, signal, sys
caught = []
handlers = {"default": signal.SIG_DFL, "ignored": signal.SIG_IGN, "caught": lambda *_: caught.append(1)}
signal.signal(signal.SIGXFSZ, handlers[sys.argv[1]])
t.trace_event("sys", "work")
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
for _ in range(20):
    t.trace_event("sys", "work")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
t.trace_event("sys", "work")
print(len(caught))
"""

    @pytest.mark.parametrize("handler", ["default", "ignored", "caught"])
    def test_not_seen(self, tmp_path: Path, handler: str) -> None:
        """The application is not killed, its handler not called; lines beyond the limit are counted."""
        out, err = run(self.CODE, tmp_path, handler)
        assert out == "0\n"
        assert "trace.jsonl: File too large; lines are being lost" in err
        texts = (tmp_path / "trace.jsonl").read_text().splitlines()
        lines = [json.loads(text) for text in texts if text.endswith("}")]
        lost = sum(line["metadata"].get("lost", 0) for line in lines)
        assert lost > 10
        assert sum(line["operation"] == "work" for line in lines) + lost == 22

    def test_all_but_the_newline(self, tmp_path: Path) -> None:
        """A line of which only the newline does not fit is none that was lost."""
        code = """
import os, resource
t.trace_event("sys", "first")
size = os.path.getsize("trace.jsonl")
resource.setrlimit(resource.RLIMIT_FSIZE, (2 * size - 1, resource.RLIM_INFINITY))
t.trace_event("sys", "whole")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
t.trace_event("sys", "last")
"""
        assert run(code, tmp_path) == ("", "")
        lines = all_lines(tmp_path / "trace.jsonl")
        assert [line["operation"] for line in lines] == ["first", "whole", "last"]


class TestHost:
    """A host that closes, moves, deletes."""

    def test_closerange(self, tmp_path: Path) -> None:
        """A host that closes all descriptors costs nothing, and its own files are left alone by us."""
        code = """
import os
for _ in range(3):
    t.trace_event("sys", "work")
    os.closerange(3, 70_000)
    with open("own", "w") as own:
        t.trace_event("sys", "work")
        own.write("whole")
t.shutdown()
"""
        run(code, tmp_path)
        assert len(all_lines(tmp_path / "trace.jsonl")) == 6
        assert (tmp_path / "own").read_text() == "whole"

    def test_number_taken(self, tmp_path: Path) -> None:
        """A host whose own file got our number after it closed ours keeps it."""
        code = """
import os
t.trace_event("sys", "work")
ours = os.stat("trace.jsonl").st_ino
def inode(number):
    try: return os.fstat(number).st_ino
    except OSError: return None
(number,) = [number for number in range(2_000) if inode(number) == ours]
own = os.open("own", os.O_RDWR | os.O_CREAT)
os.dup2(own, number)
t.shutdown()
os.write(number, b"whole")
"""
        run(code, tmp_path)
        assert (tmp_path / "own").read_text() == "whole"

    def test_deleted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file that was deleted is made anew with the next line."""
        monkeypatch.setattr("dopejar_tracing.sinks.jsonl.appender.PAUSE", 0)  # no line comes at once
        sink = JsonlSink(str(tmp_path / "t"))
        for number in range(20):
            sink(line_of(number))
            (tmp_path / "t").unlink()
        sink(line_of(20))
        sink.close()
        assert [line["trace_id"] for line in all_lines(tmp_path / "t")][-1] == "sys_1_0020"

    def test_written_after_deletion(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lines that went into a deleted file before that was noticed are written again."""
        monkeypatch.setattr("dopejar_tracing.sinks.jsonl.appender.LOOK", 3_600)
        monkeypatch.setattr("dopejar_tracing.sinks.jsonl.appender.PAUSE", 3_600)
        sink = JsonlSink(str(tmp_path / "t"))
        sink(line_of(1))
        (tmp_path / "t").unlink()
        sink(line_of(2))
        assert not (tmp_path / "t").exists()
        sink.close()
        assert [line["trace_id"] for line in all_lines(tmp_path / "t")] == ["sys_1_0001", "sys_1_0002"]

    def test_deleted_after_writing(self, tmp_path: Path) -> None:
        """What somebody deleted, or compressed and deleted, stays deleted."""
        sink = JsonlSink(str(tmp_path / "t"))
        sink(line_of(1))
        sink(line_of(2))
        _wait_for_another_tick(tmp_path)
        (tmp_path / "t").unlink()
        sink(line_of(3))
        sink.close()
        assert [line["trace_id"] for line in all_lines(tmp_path / "t")] == ["sys_1_0003"]

    def test_moved(self, tmp_path: Path) -> None:
        """A file that was moved away, as logrotate does, is left there, and a new one begun."""
        sink = JsonlSink(str(tmp_path / "t"))
        sink(line_of(1))
        (tmp_path / "t").rename(tmp_path / "old")
        sink(line_of(2))
        sink.close()
        assert [line["trace_id"] for line in all_lines(tmp_path / "old")] == ["sys_1_0001"]
        assert [line["trace_id"] for line in all_lines(tmp_path / "t")] == ["sys_1_0002"]

    def test_truncated(self, tmp_path: Path) -> None:
        """A file that was emptied, as by logrotate's copytruncate, is written to from its beginning."""
        sink = JsonlSink(str(tmp_path / "t"))
        sink(line_of(1))
        os.truncate(tmp_path / "t", 0)
        sink(line_of(2))
        sink.close()
        assert [line["trace_id"] for line in all_lines(tmp_path / "t")] == ["sys_1_0002"]

    def test_moved_for_good(self, tmp_path: Path) -> None:
        """If no new file can be made, lines go on into the one that was moved."""
        (tmp_path / "folder").mkdir()
        sink = JsonlSink(str(tmp_path / "folder/t"))
        sink(line_of(1))
        (tmp_path / "folder").rename(tmp_path / "moved")
        sink(line_of(2))
        sink.close()
        assert len(all_lines(tmp_path / "moved/t")) == 2


def _wait_for_another_tick(folder: Path) -> None:
    """Until the file system's clock, which goes in steps, has gone on."""
    probe = folder / "probe"
    probe.touch()
    began = probe.stat().st_mtime_ns
    while probe.stat().st_mtime_ns == began:
        probe.touch()


class TestPipes:
    """An output that is no file."""

    def test_fifo(self, tmp_path: Path) -> None:
        """A FIFO that nobody reads costs lines, not time; a reader is told how many are missing."""
        code = """
import os
os.mkfifo("fifo")
t.configure(enabled=True, output="fifo", console="never", id_random=8)
for _ in range(5):
    t.trace_event("sys", "work")
reader = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
for _ in range(3_000):
    t.trace_event("sys", "work")  # more than it holds: the reader has stopped
text = b""
while True:
    try:
        piece = os.read(reader, 65_536)
    except BlockingIOError:
        break
    text += piece
t.trace_event("sys", "work")
text += os.read(reader, 65_536)
os.write(1, text)
"""
        out, _ = run(code, tmp_path)
        lines = []
        for text in out.splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:
                lines.append({"operation": "torn", "metadata": {}})
        lost = sum(line["metadata"].get("lost", 0) for line in lines)
        assert sum(line["operation"] == "work" for line in lines) + lost == 3_006
        assert lines[0]["metadata"]["lost"] == 5

    def test_stderr(self, tmp_path: Path) -> None:
        """/dev/stderr is a link that is followed, be it a pipe or a file."""
        code = "import dopejar_tracing as t; t.trace_event('sys', 'work')"
        env = {"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_OUTPUT": "/dev/stderr", "DOPEJAR_TRACE_CONSOLE": "never"}
        assert json.loads(run_python(code, tmp_path, env=env).stderr)["operation"] == "work"
        with (tmp_path / "err").open("wb") as err:
            subprocess.run(
                [sys.executable, "-c", code], cwd=tmp_path, env=clean_environment(env), stderr=err, check=True
            )
        assert json.loads((tmp_path / "err").read_text())["operation"] == "work"


class TestStoppedReaders:
    """Nobody reads any more."""

    @pytest.mark.parametrize("handler", ["SIG_DFL", "SIG_IGN"])
    def test_gone(self, tmp_path: Path, handler: str) -> None:
        """A host that would be killed by the signal of a closed pipe is not."""
        code = f"""
import os, signal
signal.signal(signal.SIGPIPE, signal.{handler})
os.mkfifo("fifo")
reader = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
t.configure(enabled=True, output="fifo", console="never")
t.trace_event("sys", "work")
os.close(reader)
for _ in range(5): t.trace_event("sys", "work")
t.shutdown()
print("alive")
"""
        out, err = run(code, tmp_path)
        assert out == "alive\n"
        assert err.endswith("fifo: 5 lines lost\n")

    def test_stderr(self, tmp_path: Path) -> None:
        """A full pipe as stderr stops nobody: what would be said there is not said."""
        code = """
import fcntl, os
reader, writer = os.pipe()
fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
try:
    while True: os.write(writer, b"x" * 1000)
except BlockingIOError: pass
fcntl.fcntl(writer, fcntl.F_SETFL, 0)
os.dup2(writer, 2)
t.configure(enabled=True, output="/dev/full", console="never")
for _ in range(5): t.trace_event("sys", "work")
t.shutdown()
print("alive")
"""
        assert run(code, tmp_path)[0] == "alive\n"


class TestPrivacy:
    """Traces hold what people said."""

    def _refused(self, capfd: Any, sink: JsonlSink) -> str:
        sink(line_of(1))
        sink.close()
        first, last = capfd.readouterr().err.splitlines()
        assert last.endswith(": 1 line lost")
        return str(first).partition(f"{sink.target}: ")[2].partition(";")[0]

    @pytest.mark.parametrize("exists", [True, False])
    def test_symbolic_link(self, tmp_path: Path, capfd: Any, exists: bool) -> None:
        """A symbolic link in the output's place is refused: what it leads to is not touched, nor made."""
        if exists:
            (tmp_path / "else").write_text("mine")
        (tmp_path / "t").symlink_to(tmp_path / "else")
        said = self._refused(capfd, JsonlSink(str(tmp_path / "t")))
        assert said == "it is a symbolic link, which is not followed: name the file that it leads to"
        assert not exists or (tmp_path / "else").read_text() == "mine"
        assert exists or not (tmp_path / "else").exists()

    def test_below_dev(self, tmp_path: Path, capfd: Any) -> None:
        """Below /dev only the standard streams are links that are followed."""
        shared = Path("/dev/shm")
        if not os.access(shared, os.W_OK):
            pytest.skip("no /dev/shm here")
        link = shared / f"dopejar_test_{os.getpid()}"
        link.symlink_to(tmp_path / "else")
        try:
            assert "symbolic link" in self._refused(capfd, JsonlSink(str(link)))
        finally:
            link.unlink()
        assert not (tmp_path / "else").exists()

    def test_standard_stream_is_not_rotated(self, tmp_path: Path) -> None:
        """/dev/stderr is never set aside, whatever the settings say."""
        code = """
t.configure(enabled=True, output="/dev/stderr", console="never", rotate={"max_bytes": 1})
for _ in range(5): t.trace_event("sys", "work")
"""
        before = os.lstat("/dev/stderr").st_ino
        _, err = run(code, tmp_path)
        assert err.count("\n") == 5
        assert os.lstat("/dev/stderr").st_ino == before

    def test_folder_may_be_a_link(self, tmp_path: Path) -> None:
        """A folder on the way may be one."""
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        sink = JsonlSink(str(tmp_path / "link/t"))
        sink(line_of(1))
        sink.close()
        assert len(all_lines(tmp_path / "real/t")) == 1

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    @pytest.mark.parametrize("make", [Path.touch, os.mkfifo])
    def test_other_owner(self, tmp_path: Path, capfd: Any, make: Callable[[Path], None]) -> None:
        """Another user's file in the output's place is refused."""
        make(tmp_path / "t")
        os.chown(tmp_path / "t", 12_345, -1)
        reader = os.open(tmp_path / "t", os.O_RDONLY | os.O_NONBLOCK)
        said = self._refused(capfd, JsonlSink(str(tmp_path / "t")))
        assert said == "it belongs to another user (uid 12345), who could read the trace"
        assert os.read(reader, 10) == b""
        os.close(reader)

    def test_replaced_by_a_link(self, tmp_path: Path, capfd: Any) -> None:
        """One that is put there while we write is not followed either."""
        sink = JsonlSink(str(tmp_path / "t"))
        sink(line_of(0))
        _wait_for_another_tick(tmp_path)
        (tmp_path / "t").unlink()
        (tmp_path / "t").symlink_to(tmp_path / "else")
        assert "symbolic link" in self._refused(capfd, sink)
        assert not (tmp_path / "else").exists()
