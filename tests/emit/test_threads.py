"""propagate_threads: threads and pools of a host that knows nothing of tracing."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import gc
import multiprocessing
import os
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, ClassVar

import pytest
from helpers import Line, read_lines, run_python, wait_until

from dopejar_tracing import bind_trace, configure, current_trace_id, shutdown
from dopejar_tracing.emit import threads
from dopejar_tracing.emit.context import CURRENT

switch_on = partial(configure, enabled=True, console="never", propagate_threads=True)


@pytest.fixture
def on() -> Iterator[None]:
    """Tracing, with the switch on."""
    switch_on()
    yield
    shutdown()


def seen(_argument: object = None, _other: object = None) -> str | None:
    """What any work sees."""
    return current_trace_id()


class FailedError(Exception):
    """Of the host."""


def fail() -> None:
    """Work that fails."""
    raise FailedError


def patched() -> list[object]:
    """What the switch replaces, as it is now."""
    item = concurrent.futures.thread._WorkItem
    return [
        vars(threading.Thread)["_bootstrap"],
        *map(vars(item).get, ("__init__", "run")),
        *map(vars(ThreadPool).get, ("apply_async", "_guarded_task_generation")),
    ]


def worked(thread: threading.Thread) -> None:
    """Start and join it."""
    thread.start()
    thread.join()


@pytest.mark.usefixtures("on")
class TestExecutor:
    """ThreadPoolExecutor."""

    def test_an_unchanged_host(self, tmp_path: Path) -> None:
        """161 of 161 spans have their parent."""

        def leaf(number: int) -> None:
            with bind_trace("memory", "leaf", input=number):
                pass

        def branch(number: int) -> None:
            with bind_trace("focus", "branch", input=number):
                list(executor.map(leaf, range(3)))

        with ThreadPoolExecutor(60) as executor, bind_trace("altitude", "root"):
            concurrent.futures.wait([executor.submit(branch, number) for number in range(40)])
        lines = read_lines(tmp_path / "trace.jsonl")
        assert len(lines) == 161
        assert [line["operation"] for line in lines if line["parent_id"] is None] == ["root"]
        above = {line["trace_id"]: line["operation"] for line in lines}
        assert {above[line["parent_id"]] for line in lines if line["operation"] == "leaf"} == {"branch"}

    def test_bound_methods_of_before(self) -> None:
        """An executor, and its bound methods, may be older than the switch."""
        shutdown()
        with ThreadPoolExecutor(1) as executor:
            submit, mapped = executor.submit, executor.map
            submit(seen).result()
            switch_on()
            with bind_trace("focus", "route") as span:
                assert submit(seen).result() == span.trace_id
                assert list(mapped(seen, [1])) == [span.trace_id]

    def test_subclass(self) -> None:
        """A subclass may override `submit`."""

        class Own(ThreadPoolExecutor):
            def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
                return super().submit(fn, *args, **kwargs)

        with Own() as executor, bind_trace("focus", "route") as span:
            assert executor.submit(seen).result() == span.trace_id

    def test_later_work_without_a_span(self) -> None:
        """The worker keeps nothing of the span under which it was started."""
        with ThreadPoolExecutor(1) as executor:
            with bind_trace("focus", "route") as span:
                executor.submit(seen).result()
                with pytest.raises(FailedError):
                    executor.submit(fail).result()
            known = weakref.ref(span)
            del span
            assert executor.submit(CURRENT.get).result() is None
            assert known() is None

    def test_a_failure_leaves_no_cycle(self) -> None:
        """What failed is freed with the last reference, as without the switch."""
        gc.disable()
        try:
            with ThreadPoolExecutor(1) as executor:
                for under in (bind_trace("focus", "route"), bind_trace("memory", "read", level="debug")):
                    with under:
                        future = executor.submit(fail)
                    assert len(traceback.extract_tb(future.exception().__traceback__)) == 2  # type: ignore[union-attr]
                    known = weakref.ref(future)
                    del future
                    executor.submit(seen).result()
                    assert known() is None
        finally:
            gc.enable()

    def test_the_hosts_own_variables(self) -> None:
        """What an initializer set is there, and the submitter's variables are not, as without the switch."""
        own: contextvars.ContextVar[str] = contextvars.ContextVar("own", default="none")
        with ThreadPoolExecutor(1, initializer=own.set, initargs=("pool",)) as executor:
            own.set("main")
            with bind_trace("focus", "route"):
                assert executor.submit(own.get).result() == "pool"

    def test_cancelled(self) -> None:
        """Work that never ran keeps no span."""
        held, going = threading.Event(), threading.Event()
        executor = ThreadPoolExecutor(1)
        executor.submit(lambda: going.set() or held.wait())  # type: ignore[func-returns-value]
        going.wait()
        with bind_trace("focus", "route") as span:
            future = executor.submit(seen)
        executor.shutdown(wait=False, cancel_futures=True)
        assert future.cancelled()
        held.set()
        executor.shutdown()
        known = weakref.ref(span)
        del span
        assert known() is None

    def test_asyncio(self) -> None:
        """`run_in_executor` carries it, and `to_thread` still does."""

        async def main() -> list[str | None]:
            loop = asyncio.get_running_loop()
            async with bind_trace("focus", "route") as span:
                with ThreadPoolExecutor(1) as own:
                    ids = [await loop.run_in_executor(pool, seen) for pool in (None, own)]
                return [*ids, await asyncio.to_thread(seen), span.trace_id]

        assert len(set(asyncio.run(main()))) == 1


@pytest.mark.usefixtures("on")
class TestThread:
    """Thread and Timer."""

    def test_started_in_a_span(self) -> None:
        """The span that counts is the one open at the start, not where the thread was made."""
        ids: list[str | None] = []
        thread = threading.Thread(target=lambda: ids.append(seen()))
        with bind_trace("focus", "route") as span:
            timer = threading.Timer(0, lambda: ids.append(seen()))
            worked(thread)
            worked(timer)
        worked(threading.Thread(target=lambda: ids.append(seen())))
        assert ids == [span.trace_id, span.trace_id, None]

    def test_older_than_the_switch(self) -> None:
        """A thread, and its bound `start`, may be older than the switch."""
        shutdown()
        ids: list[str | None] = []
        thread = threading.Thread(target=lambda: ids.append(seen()))
        start = thread.start
        switch_on()
        with bind_trace("focus", "route") as span:
            start()
            thread.join()
        assert ids == [span.trace_id]

    def test_subclass(self) -> None:
        """A subclass may override `run` and `start`."""

        class Own(threading.Thread):
            found: str | None = None

            def start(self) -> None:
                super().start()

            def run(self) -> None:
                self.found = seen()

        thread = Own(name="own", daemon=True)
        with bind_trace("focus", "route") as span:
            worked(thread)
        assert (thread.found, thread.name, thread.daemon) == (span.trace_id, "own", True)

    def test_work_of_a_library(self) -> None:
        """A thread that calls a method of a pool is no worker of one."""
        ids: list[str | None] = []
        with ThreadPoolExecutor(1) as executor, bind_trace("focus", "route") as span:
            worked(threading.Thread(target=executor.submit, args=(lambda: ids.append(seen()),)))
        assert ids == [span.trace_id]

    def test_an_exception(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """`threading.excepthook` gets it as ever."""
        got: list[Any] = []
        monkeypatch.setattr(threading, "excepthook", got.append)
        thread = threading.Thread(target=fail)
        with bind_trace("focus", "route"):
            worked(thread)
        assert (got[0].exc_type, got[0].thread) == (FailedError, thread)
        with pytest.raises(RuntimeError, match="once"):
            thread.start()

    def test_own_threads(self, tmp_path: Path) -> None:
        """The tracing's own threads are under no span of the application."""
        with bind_trace("focus", "route") as span:
            (tmp_path / "settings.yaml").write_text("tracing: {enabled: true, propagate_threads: true}\n")
            configure(console="never")
            assert "dopejar-settings" in {thread.name for thread in threading.enumerate()}
        known = weakref.ref(span)
        del span
        assert known() is None


@pytest.mark.usefixtures("on")
class TestThreadPool:
    """multiprocessing.pool.ThreadPool."""

    WAYS: ClassVar[dict[str, Callable[[ThreadPool], Any]]] = {
        "apply": lambda pool: [pool.apply(seen)],
        "apply_async": lambda pool: [pool.apply_async(func=seen, args=(1,)).get()],
        "map": lambda pool: pool.map(seen, range(9)),
        "map_async": lambda pool: pool.map_async(seen, range(9)).get(),
        "imap": lambda pool: pool.imap(seen, range(9)),
        "imap in chunks": lambda pool: pool.imap(seen, range(9), 4),
        "imap_unordered": lambda pool: pool.imap_unordered(seen, range(9)),
        "starmap": lambda pool: pool.starmap(seen, [(1, 2)]),
        "starmap_async": lambda pool: pool.starmap_async(seen, [(1, 2)]).get(),
        "what imap reads": lambda pool: pool.imap(str, (seen() for _ in range(2))),
    }

    @pytest.mark.parametrize("way", WAYS)
    def test_ways(self, way: str) -> None:
        """Each way to hand work to the pool carries the span, and later work has none."""
        with ThreadPool(2) as pool:
            with bind_trace("focus", "route") as span:
                assert set(self.WAYS[way](pool)) == {span.trace_id}
            assert pool.map(seen, range(8)) == [None] * 8
            known = weakref.ref(span)
            del span
            pool.close()
            wait_until(lambda: known() is None)
            pool.join()

    def test_methods_of_before(self) -> None:
        """A pool may be older than the switch, and its bound methods but `apply_async`."""
        shutdown()
        with ThreadPool(1) as pool:
            ways: list[Callable[..., Any]] = [pool.map, pool.imap, pool.imap_unordered, pool.map_async]
            apply = pool.apply
            switch_on()
            with bind_trace("focus", "route") as span:
                results = [way(seen, [1]) for way in ways[:3]] + [ways[3](seen, [1]).get()]
                assert [*map(list, results), [apply(seen)]] == [[span.trace_id]] * 5
            pool.close()
            pool.join()

    def test_exceptions(self) -> None:
        """An exception is raised where the result is asked for."""
        with ThreadPool(1) as pool:
            with bind_trace("focus", "route"), pytest.raises(FailedError):
                pool.apply(fail)
            pool.close()
            pool.join()


class TestProcesses:
    """What is not carried."""

    @pytest.mark.usefixtures("on")
    def test_process_pools(self) -> None:
        """Pools of processes work as ever, and their own threads keep no span."""
        context = multiprocessing.get_context("spawn")
        with bind_trace("focus", "route") as span:
            executor = ProcessPoolExecutor(1, mp_context=context)
            pool = context.Pool(1)
            assert executor.submit(os.path.basename, "a/b").result() == "b"
            assert pool.map(os.path.basename, ["a/b"]) == ["b"]
        known = weakref.ref(span)
        del span
        assert known() is None
        executor.shutdown()
        pool.close()
        pool.join()

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
    def test_fork_in_a_thread(self, tmp_path: Path) -> None:
        """A child forked in a carried thread goes on under its span, with pools of its own."""
        code = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
from dopejar_tracing import bind_trace, configure, trace_event
configure(enabled=True, console="never", propagate_threads=True)
def work():
    child = os.fork()
    if not child:
        with ThreadPoolExecutor() as executor:
            executor.submit(trace_event, "memory", "child").result()
        os._exit(0)
    os.waitpid(child, 0)
with bind_trace("focus", "route"):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
"""
        done = run_python(code, tmp_path, "-W", "ignore::DeprecationWarning")  # of a fork among threads
        assert (done.returncode, done.stderr) == (0, "")
        child, route = read_lines(tmp_path / "trace.jsonl")
        assert child["parent_id"] == route["trace_id"]

    def test_end_of_the_interpreter(self, tmp_path: Path) -> None:
        """Work that is still going when the main thread ends is recorded under its span."""
        code = """
import threading
from concurrent.futures import ThreadPoolExecutor
from dopejar_tracing import bind_trace, configure, trace_event
configure(enabled=True, console="never", propagate_threads=True)
executor = ThreadPoolExecutor(1)
main = threading.main_thread()
with bind_trace("focus", "route"):
    executor.submit(lambda: (main.join(0.1), trace_event("memory", "late")))
    thread = threading.Thread(target=lambda: (main.join(0.1), trace_event("memory", "late")))
    thread.start()
"""
        done = run_python(code, tmp_path, "-X", "dev", "-W", "error")
        assert (done.returncode, done.stderr) == (0, "")
        lines = read_lines(tmp_path / "trace.jsonl")
        assert [line["operation"] for line in lines].count("late") == 2


class TestSwitch:
    """On and off."""

    def test_off(self) -> None:
        """Off, again off, or shut down: everything is as it was, to the object."""
        before = patched()
        for end in (shutdown, partial(switch_on, propagate_threads=False), partial(configure, enabled=False)):
            switch_on()
            switch_on()
            assert all(now is not then for now, then in zip(patched(), before, strict=True))
            end()
            end()
            assert patched() == before
        shutdown()

    def test_off_by_default(self) -> None:
        """Nobody asked: nothing is patched."""
        before = patched()
        configure(enabled=True, console="never")
        assert patched() == before
        shutdown()

    def test_patched_by_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What another library put around ours stays; ours is inert, until it is switched on again."""
        item = concurrent.futures.thread._WorkItem
        switch_on()
        ours = item.__init__

        def theirs(self: Any, *args: Any, **kwargs: Any) -> None:
            ours(self, *args, **kwargs)

        original = threads._patches[1]._original
        item.__init__ = theirs  # type: ignore[method-assign]
        try:
            switch_on(propagate_threads=False)
            assert item.__init__ is theirs
            with ThreadPoolExecutor(1) as executor, bind_trace("focus", "route") as span:
                assert executor.submit(seen).result() is None
                switch_on()
                assert item.__init__ is theirs
                assert executor.submit(seen).result() == span.trace_id
            item.__init__ = ours  # type: ignore[method-assign]
        finally:
            shutdown()
        assert item.__init__ is original

    def test_nothing_open(self, lines: Callable[[], list[Line]]) -> None:
        """Without a span, and while tracing is off, a thread begins with an empty context."""
        configure(enabled=True, console="never", propagate_threads=True)
        sizes: list[int] = []
        worked(threading.Thread(target=lambda: sizes.append(len(contextvars.copy_context()))))
        shutdown()
        worked(threading.Thread(target=lambda: sizes.append(len(contextvars.copy_context()))))
        assert sizes == [0, 0]
