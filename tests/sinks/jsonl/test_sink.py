"""The file."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from helpers import clean_environment, read_lines, run_python

from dopejar_tracing import bind_trace, configure, shutdown, trace_event
from dopejar_tracing.sinks.jsonl import JsonlSink

LINE = {"trace_id": "sys_1_aaaa", "metadata": {}}


class TestJsonlSink:
    """Lines on disk."""

    def test_mode(self, tmp_path: Path) -> None:
        """The file can be read by its owner alone."""
        before = os.umask(0)
        try:
            JsonlSink(str(tmp_path / "t"))(LINE)
        finally:
            os.umask(before)
        assert (tmp_path / "t").stat().st_mode & 0o777 == 0o600

    def test_appends(self, tmp_path: Path) -> None:
        """What is in the file stays, also lines of others."""
        path = tmp_path / "t"
        path.write_text("not ours\n")
        JsonlSink(str(path))(LINE)
        assert path.read_text().splitlines() == ["not ours", json.dumps(LINE, separators=(",", ":"))]

    def test_relative_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The file stays where it was meant to be when the host changes its directory."""
        configure(enabled=True, output="t", console="never")
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        trace_event("sys", "x")
        shutdown()
        assert (tmp_path / "t").exists()

    def test_late_line(self, tmp_path: Path) -> None:
        """A line that comes after the end is written all the same."""
        sink = JsonlSink(str(tmp_path / "t"))
        sink(LINE)
        sink.close()
        sink(LINE)
        assert len((tmp_path / "t").read_text().splitlines()) == 2

    def test_closes(self, tmp_path: Path) -> None:
        """Closing lets go of the descriptor."""
        sink = JsonlSink(str(tmp_path / "t"))
        sink(LINE)
        assert _open_for(tmp_path / "t") == 1
        sink.close()
        assert _open_for(tmp_path / "t") == 0

    def test_threads(self, tmp_path: Path) -> None:
        """Lines of many threads are whole."""
        sink = JsonlSink(str(tmp_path / "t"))
        line = {**LINE, "metadata": {"text": "x" * 5_000}}

        def work() -> None:
            for _ in range(100):
                sink(line)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = [json.loads(text) for text in (tmp_path / "t").read_text().splitlines()]
        assert found == [line] * 800


def _open_for(path: Path) -> int:
    """How many of this process's descriptors are of a file; macOS has them in /dev/fd."""
    found = 0
    for entry in Path("/proc/self/fd" if Path("/proc/self/fd").exists() else "/dev/fd").iterdir():
        with contextlib.suppress(OSError):  # that of the listing itself, or of a sink that is collected now
            found += os.path.samestat(os.fstat(int(entry.name)), path.stat())
    return found


class TestFaults:
    """An output that cannot be written: the application goes on, the loss is counted and said."""

    CODE = """
import dopejar_tracing
dopejar_tracing.configure(enabled=True, console="never")
for number in range(5):
    with dopejar_tracing.bind_trace("altitude", "transition", input=number) as span:
        span.set_output("done")
print("the application went on")
"""

    @pytest.mark.parametrize("output", [".", "missing/trace.jsonl", "/proc/trace.jsonl", "/dev/full"])
    def test_cannot_be_opened(self, tmp_path: Path, output: str) -> None:
        """A folder, a missing folder, a place that forbids it, a full disk."""
        done = run_python(self.CODE, tmp_path, env={"DOPEJAR_TRACE_OUTPUT": output})
        assert done.returncode == 0
        assert done.stdout == "the application went on\n"
        first, last = done.stderr.splitlines()
        assert first.startswith(f"dopejar_tracing: {output}: ")
        assert first.endswith("; lines are being lost, the application goes on")
        assert last == f"dopejar_tracing: {output}: 5 lines lost"

    def test_torn_line(self, tmp_path: Path) -> None:
        """After a line that was cut off by a full disk, the next one is whole."""
        path = tmp_path / "t"
        sink = JsonlSink(str(path))
        sink(LINE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
        try:
            sink({"trace_id": "sys_1_bbbb", "metadata": {}})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
        sink({"trace_id": "sys_1_cccc", "metadata": {}})
        first, torn, gap, last = path.read_text().splitlines()
        assert json.loads(first) == LINE
        assert torn == '{"trace_id'
        assert json.loads(gap)["metadata"]["lost"] == 1
        assert json.loads(last)["trace_id"] == "sys_1_cccc"


class TestStandardStreams:
    """The numbers 0, 1 and 2."""

    def test_not_taken(self, tmp_path: Path) -> None:
        """What a host prints after closing its stderr does not land in the trace."""
        code = """
import os, dopejar_tracing
os.close(2)
with dopejar_tracing.bind_trace("altitude", "x"):
    pass
try:
    os.write(2, b"not ours")
except OSError:
    print("closed")
"""
        assert run_python(code, tmp_path, env={"DOPEJAR_TRACE": "1"}).stdout == "closed\n"
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1


class TestCrash:
    """kill -9."""

    def test_line_survives(self, tmp_path: Path) -> None:
        """The line of a span that has ended is in the file when the process is killed right after."""
        code = """
import os, signal, dopejar_tracing
with dopejar_tracing.bind_trace("altitude", "open"):
    with dopejar_tracing.bind_trace("memory", "write", input="a.b") as span:
        span.set_output("written")
    os.kill(os.getpid(), signal.SIGKILL)
"""
        done = run_python(code, tmp_path, env={"DOPEJAR_TRACE": "1"})
        assert done.returncode == -signal.SIGKILL
        (line,) = (json.loads(text) for text in (tmp_path / "trace.jsonl").read_text().splitlines())
        assert (line["operation"], line["output_summary"]) == ("write", "written")


class TestProcesses:
    """One file, several processes."""

    def test_fork(self, tmp_path: Path) -> None:
        """A forked child writes to the same file, under the span that was open; no ID comes twice."""
        configure(enabled=True, output=tmp_path / "t", console="never")
        with bind_trace("sys", "root") as root:
            children = []
            for _ in range(4):
                pid = os.fork()
                if pid == 0:
                    for number in range(200):
                        trace_event("sys", "child", input=number)
                    os._exit(0)
                children.append(pid)
            for pid in children:
                assert os.waitpid(pid, 0)[1] == 0
        shutdown()
        lines = read_lines(tmp_path / "t")
        assert len(lines) == 801
        assert all(line["parent_id"] == root.trace_id for line in lines[:-1])

    def test_whole_lines(self, tmp_path: Path) -> None:
        """Processes that begin to append at once leave only whole lines, and no blank one."""
        code = """
import dopejar_tracing
for number in range(30):
    dopejar_tracing.trace_event("sys", "x", text="y" * 15000)
"""
        env = clean_environment({"DOPEJAR_TRACE": "1"})
        running = [subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=env) for _ in range(6)]
        assert [process.wait(300) for process in running] == [0] * 6
        lines = [json.loads(text) for text in (tmp_path / "trace.jsonl").read_text().splitlines()]
        assert len(lines) == 180
