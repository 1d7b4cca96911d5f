"""Where the context has to be carried: threads, executors, child processes."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers import Line, by_operation, clean_environment, read_lines, wait_until

from dopejar_tracing import (
    TracedThread,
    TracedThreadPoolExecutor,
    bind_trace,
    carry,
    child_environment,
    configure,
    continue_trace,
    current_trace_id,
    shutdown,
    trace_event,
)

Lines = Callable[[], list[Line]]


class TestCarry:
    """carry()."""

    def test_thread(self, lines: Lines) -> None:
        """A thread that is started with a carried function works under the span that was open there."""
        with bind_trace("focus", "route") as span:
            thread = threading.Thread(target=carry(trace_event), args=("memory", "read"))
        thread.start()
        thread.join()
        assert by_operation(lines())["read"]["parent_id"] is None  # the span had ended before

        with bind_trace("focus", "route") as span:
            thread = threading.Thread(target=carry(trace_event), args=("memory", "write"))
            thread.start()
            thread.join()
        assert by_operation(lines())["write"]["parent_id"] == span.trace_id

    def test_several_threads_at_once(self, lines: Lines) -> None:
        """One carried function may run in several threads at once."""
        barrier = threading.Barrier(4)

        def work() -> str | None:
            barrier.wait()
            with bind_trace("memory", "work"):
                barrier.wait()
                return current_trace_id()

        with bind_trace("focus", "route") as span:
            carried = carry(work)
            with ThreadPoolExecutor(4) as executor:
                ids = [future.result() for future in [executor.submit(carried) for _ in range(4)]]
        works = [line for line in lines() if line["operation"] == "work"]
        assert {line["parent_id"] for line in works} == {span.trace_id}
        assert {line["trace_id"] for line in works} == set(ids)

    def test_keeps_what_it_wraps(self) -> None:
        """Name, arguments, result and exception are those of the function."""

        def divide(a: int, b: int = 1) -> float:
            return a / b

        assert carry(divide).__name__ == "divide"
        assert carry(divide)(4, b=2) == 2
        with pytest.raises(ZeroDivisionError):
            carry(divide)(1, 0)


class TestTracedThreadPoolExecutor:
    """The executor."""

    @pytest.mark.parametrize("way", ["submit", "map"])
    def test_parents(self, lines: Lines, way: str) -> None:
        """Each piece of work is under the span that was open where it was submitted."""

        def work(number: int) -> int:
            with bind_trace("memory", "work", input=number):
                return number

        with TracedThreadPoolExecutor(3) as executor:
            for outer in range(5):
                with bind_trace("focus", "outer", input=outer):
                    if way == "map":
                        assert list(executor.map(work, [outer])) == [outer]
                    else:
                        assert executor.submit(work, number=outer).result() == outer
        found = {line["trace_id"]: line for line in lines()}
        for line in found.values():
            if line["operation"] == "work":
                assert found[line["parent_id"]]["input_summary"] == line["input_summary"]

    def test_to_thread(self, lines: Lines) -> None:
        """`asyncio.to_thread` needs no help."""

        async def main() -> None:
            async with bind_trace("focus", "route"):
                await asyncio.to_thread(trace_event, "memory", "read")

        asyncio.run(main())
        found = by_operation(lines())
        assert found["read"]["parent_id"] == found["route"]["trace_id"]


class TestTracedThread:
    """The thread."""

    def test_where_it_was_started(self, lines: Lines) -> None:
        """Its work is under the span that was open at the start, whether a target or an own `run`."""
        ids: list[str | None] = []

        class Own(TracedThread):
            def run(self) -> None:
                ids.append(current_trace_id())
                super().run()

        threads = [
            Own(),
            TracedThread(target=lambda: ids.append(current_trace_id()), name="own", daemon=True),
        ]
        with bind_trace("focus", "route") as span:
            for thread in threads:
                thread.start()
                thread.join()
        assert ids == [span.trace_id] * 2
        assert (threads[1].name, threads[1].daemon) == ("own", True)

    def test_keeps_nothing(self, lines: Lines) -> None:
        """Once it has ended it holds neither the span nor itself."""
        gc.disable()
        try:
            thread = TracedThread(target=current_trace_id)
            with bind_trace("focus", "route") as span:
                thread.start()
                thread.join()
            with pytest.raises(RuntimeError, match="once"):
                thread.start()
            known = weakref.ref(span)
            del span
            assert known() is None
            thread = TracedThread(target=current_trace_id)
            thread.start()
            thread.join()
            ended = weakref.ref(thread)
            del thread
            wait_until(lambda: ended() is None)
        finally:
            gc.enable()


class TestChildEnvironment:
    """child_environment()."""

    CHILD = """
import dopejar_tracing as t
with t.bind_trace("memory", "child"):
    t.get_logger().info("inside")
t.trace_event("memory", "beside")
"""

    def test_child_process(self, tmp_path: Path) -> None:
        """The child's roots hang under the span that started it, in the same file."""
        (tmp_path / "elsewhere").mkdir()
        configure(enabled=True, output="run.jsonl", console="never")
        with bind_trace("focus", "start") as span:
            command = [sys.executable, "-c", self.CHILD]
            subprocess.run(command, env=child_environment(), cwd=tmp_path / "elsewhere", check=True)
        shutdown()
        found = by_operation(read_lines(tmp_path / "run.jsonl"))
        assert found["child"]["parent_id"] == found["beside"]["parent_id"] == span.trace_id
        assert found["log"]["parent_id"] == found["child"]["trace_id"]

    def test_disabled(self) -> None:
        """While tracing is off it is only a copy, without a parent of old."""
        configure(enabled=False)
        given = {"A": "b", "DOPEJAR_TRACE_PARENT": "alt_1705180800_a3f2"}
        assert child_environment(given) == {"A": "b"}
        assert "DOPEJAR_TRACE_PARENT" in given

    @pytest.mark.parametrize("parent", ["", "nonsense", "alt_1_\x1b[2J", "alt_1705180800_a3f2"])
    def test_parent_in_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parent: str
    ) -> None:
        """An ID is taken, anything else left aside."""
        monkeypatch.setenv("DOPEJAR_TRACE_PARENT", parent)
        configure(enabled=True, output="run.jsonl", console="never")
        trace_event("sys", "x")
        shutdown()
        expected = f'"parent_id":"{parent}"' if parent.startswith("alt_17") else '"parent_id":null'
        assert expected in (tmp_path / "run.jsonl").read_text()


class TestContinueTrace:
    """continue_trace()."""

    CODE = """
import multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor
import dopejar_tracing as t

def work(number):
    with t.bind_trace("memory", f"work{number}"):
        return os.getpid()

if __name__ == "__main__":
    t.configure(enabled=True, output="run.jsonl", console="never")
    context = multiprocessing.get_context(sys.argv[1])
    with t.bind_trace("focus", "outer"):
        with t.bind_trace("focus", "pool"):
            executor = ProcessPoolExecutor(
                2, mp_context=context, initializer=t.continue_trace, initargs=(t.child_environment(),)
            )
            pids = set(executor.map(work, range(6)))
        executor.shutdown()
    assert os.getpid() not in pids
"""

    @pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
    def test_process_pool(self, tmp_path: Path, method: str) -> None:
        """The roots of a pool's processes hang under the span that it was made in, however they start."""
        (tmp_path / "program.py").write_text(self.CODE)
        command = [sys.executable, "program.py", method]
        subprocess.run(command, cwd=tmp_path, env=clean_environment(), check=True, timeout=300)
        found = by_operation(read_lines(tmp_path / "run.jsonl"))
        assert sorted(found) == ["outer", "pool", *(f"work{number}" for number in range(6))]
        for number in range(6):
            assert found[f"work{number}"]["parent_id"] == found["pool"]["trace_id"]

    def test_nothing_named(self, monkeypatch: pytest.MonkeyPatch, lines: Lines) -> None:
        """A parent that does not trace is none, and what is configured here stays."""
        monkeypatch.setenv("DOPEJAR_TRACE_PARENT", "alt_1705180800_a3f2")
        continue_trace({})
        trace_event("sys", "x")
        (line,) = lines()
        assert line["parent_id"] is None
