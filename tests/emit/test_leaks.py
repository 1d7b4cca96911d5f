"""Where tracers leak: generators and spans that end elsewhere, late, out of order, or are collected."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from helpers import ROOT, Line, by_operation, run_python

from dopejar_tracing import bind_trace, current_trace_id, trace_event

Lines = Callable[[], list[Line]]


@bind_trace("memory", "numbers")
def numbers(count: int = 3) -> Iterator[str | None]:
    """Gives the current ID, while it holds a span open."""
    with bind_trace("memory", "held"):
        for _ in range(count):
            yield current_trace_id()


@bind_trace("memory", "anumbers")
async def anumbers() -> AsyncIterator[str | None]:
    """The same."""
    with bind_trace("memory", "held"):
        try:
            while True:
                await asyncio.sleep(0)
                yield current_trace_id()
        finally:
            await asyncio.sleep(0)


class Never:
    """What is awaited for ever, without an event loop."""

    def __await__(self) -> Generator[None]:
        yield


class TestAsyncGenerators:
    """Decorated async generators that their consumers leave."""

    def test_broken_off(self, lines: Lines) -> None:
        """What a consumer does in the loop, after a break, and while the rest is cleaned up, is its own."""

        async def main() -> None:
            with bind_trace("focus", "consumer") as consumer:
                async for inside in anumbers():
                    assert inside != current_trace_id() == consumer.trace_id
                    break
                for _ in range(5):
                    assert current_trace_id() == consumer.trace_id
                    await asyncio.sleep(0)
            assert current_trace_id() is None

        asyncio.run(main())
        found = by_operation(lines())
        assert found["held"]["status"] == found["anumbers"]["status"] == "success"

    def test_closed_by_another_task(self, lines: Lines) -> None:
        """`aclose` in another task's span changes neither that task's nor the consumer's."""

        async def close(generator: Any) -> None:
            with bind_trace("focus", "closer") as closer:
                await generator.aclose()
                assert current_trace_id() == closer.trace_id

        async def main() -> None:
            generator = anumbers()
            with bind_trace("focus", "consumer") as consumer:
                await anext(generator)
                await asyncio.create_task(close(generator))
                assert current_trace_id() == consumer.trace_id

        asyncio.run(main())
        assert {line["status"] for line in lines()} == {"success"}

    def test_suspended_when_the_loop_ends(self, lines: Lines) -> None:
        """The loop closes those that are still suspended, and has nothing to complain of."""
        complaints: list[object] = []
        kept = []

        async def main() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
            for _ in range(10):
                kept.append(anumbers())
                await anext(kept[-1])

        asyncio.run(main())
        assert complaints == []
        assert [line["status"] for line in lines()] == ["success"] * 20

    def test_collected_while_it_waits(self, lines: Lines) -> None:
        """A task that nobody holds is collected in the midst of another's work, whose span stays current."""

        @bind_trace("memory", "waiting")
        async def waiting() -> AsyncIterator[None]:
            await Never()
            yield

        async def consume() -> None:
            with bind_trace("focus", "consumer"):
                async for _ in waiting():
                    pass

        coroutine = consume()
        copy_context().run(coroutine.send, None)
        with bind_trace("focus", "other") as other:
            coroutine.close()
            assert current_trace_id() == other.trace_id
        found = by_operation(lines())
        assert found["waiting"]["parent_id"] == found["consumer"]["trace_id"]


class TestGenerators:
    """Decorated generators that are resumed or dropped elsewhere."""

    def test_collected_in_another_context(self, lines: Lines) -> None:
        """A generator that is collected in another context changes nothing there."""
        kept = [numbers()]
        inside = next(kept[0])

        def elsewhere() -> None:
            with bind_trace("focus", "other") as other:
                kept.clear()
                gc.collect()
                assert current_trace_id() == other.trace_id

        copy_context().run(elsewhere)
        assert by_operation(lines())["held"]["trace_id"] == inside

    def test_resumed_in_other_contexts(self, lines: Lines) -> None:
        """Whoever resumes it, in whichever context or thread: inside is inside, and outside stays."""
        generator = numbers()
        inside = {next(generator)}

        def resume() -> None:
            with bind_trace("focus", "consumer") as consumer:
                inside.add(next(generator))
                assert current_trace_id() == consumer.trace_id

        copy_context().run(resume)
        thread = threading.Thread(target=resume)
        thread.start()
        thread.join()
        assert list(generator) == []
        assert current_trace_id() is None
        assert inside == {by_operation(lines())["held"]["trace_id"]}

    def test_interleaved(self, lines: Lines) -> None:
        """Generators within generators, taken by turns, keep each to its own."""

        @bind_trace("memory", "outer")
        def outer(name: str) -> Iterator[tuple[str, str | None, str | None]]:
            for inner in numbers():
                yield name, current_trace_id(), inner

        with bind_trace("focus", "consumer") as consumer:
            for left, right in zip(outer("left"), outer("right"), strict=True):
                assert left[1:] != right[1:]
                assert current_trace_id() == consumer.trace_id
        found = {line["trace_id"]: line for line in lines()}
        for _, own, inner in (left, right):
            assert own is not None
            assert inner is not None
            assert found[found[inner]["parent_id"]]["parent_id"] == own
            assert found[own]["parent_id"] == consumer.trace_id

    @pytest.mark.parametrize("ending", ["close", "throw", "exhaust"])
    def test_keeps_nothing(self, lines: Lines, ending: str) -> None:
        """What it was given is freed when it ends, without a garbage collection."""

        class Given:
            pass

        @bind_trace("memory", "holder")
        def holder(given: Given) -> Iterator[Given]:
            yield given

        given = Given()
        seen = weakref.ref(given)
        generator: Any = holder(given)
        next(generator)
        gc.disable()
        try:
            if ending == "close":
                generator.close()
            elif ending == "throw":
                with pytest.raises(ValueError, match="x"):
                    generator.throw(ValueError("x"))
            else:
                list(generator)
            del generator, given
            assert seen() is None
        finally:
            gc.enable()


class TestSpans:
    """Spans that are ended elsewhere, out of order, twice, or never."""

    @pytest.mark.parametrize("where", ["context", "thread", "task"])
    def test_ended_elsewhere(self, lines: Lines, where: str) -> None:
        """It ends, once; what comes after is under what encloses it, here and there."""
        with bind_trace("focus", "outer") as outer:
            bound = bind_trace("focus", "span")
            bound.__enter__()

            def end() -> None:
                with bind_trace("focus", "there") as there:
                    bound.__exit__(None, None, None)
                    assert current_trace_id() == there.trace_id

            async def end_in_a_task() -> None:
                await asyncio.create_task(asyncio.to_thread(lambda: None))
                end()

            if where == "context":
                copy_context().run(end)
            elif where == "thread":
                thread = threading.Thread(target=end)
                thread.start()
                thread.join()
            else:
                asyncio.run(end_in_a_task())
            assert current_trace_id() == outer.trace_id
            bound.__exit__(None, None, None)
        found = by_operation(lines())
        assert len(lines()) == 3
        assert found["span"]["parent_id"] == outer.trace_id

    def test_out_of_order(self, lines: Lines) -> None:
        """Of spans that end in any order, the innermost that is open is the parent."""
        spans = [bind_trace("focus", name) for name in "abc"]
        opened = [bound.__enter__() for bound in spans]
        spans[1].__exit__(None, None, None)
        trace_event("focus", "under_c")
        spans[2].__exit__(None, None, None)
        trace_event("focus", "under_a")
        spans[0].__exit__(None, None, None)
        trace_event("focus", "root")
        found = by_operation(lines())
        assert found["under_c"]["parent_id"] == opened[2].trace_id
        assert found["under_a"]["parent_id"] == opened[0].trace_id
        assert found["root"]["parent_id"] is None

    def test_collected_frame(self, lines: Lines) -> None:
        """A span in a frame that another context collects ends there, and changes nothing there."""

        async def waiting() -> None:
            with bind_trace("focus", "left"):
                await Never()

        coroutine = waiting()
        copy_context().run(coroutine.send, None)
        with bind_trace("focus", "other") as other:
            del coroutine
            gc.collect()
            assert current_trace_id() == other.trace_id
        assert by_operation(lines())["left"]["parent_id"] is None

    def test_executor_without_context(self, lines: Lines) -> None:
        """An executor that carries nothing gives roots, and a worker's span stays no longer than its work."""
        with bind_trace("focus", "outer"), ThreadPoolExecutor(1) as executor:
            for _ in range(2):
                executor.submit(lambda: trace_event("memory", "work")).result()
                executor.submit(bind_trace("memory", "work")(lambda: None)).result()
        assert [line["parent_id"] for line in lines() if line["operation"] == "work"] == [None] * 4

    @pytest.mark.parametrize("way", ["manual", "exit"])
    def test_never(self, tmp_path: Any, way: str) -> None:
        """Spans that never end, in a thread, a task or a generator, leave a line each at most, silently."""
        code = f"""
import asyncio, threading
import dopejar_tracing as t
def opened(): return t.bind_trace("focus", threading.current_thread().name).__enter__()
@t.bind_trace("memory", "generator")
def generator():
    opened()
    yield
threading.Thread(target=opened, name="thread").start()
async def main():
    asyncio.get_running_loop().slow_callback_duration = 1_000  # the machine may be busy
    await asyncio.create_task(asyncio.to_thread(opened)); opened()
asyncio.run(main())
started = generator(); next(started)
if {way == "manual"}: del started; t.shutdown()
"""
        env = {"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "never", "PYTHONPATH": str(ROOT)}
        done = run_python(code, tmp_path, "-X", "dev", "-W", "error", env=env)
        assert (done.returncode, done.stderr) == (0, "")
        text = (tmp_path / "trace.jsonl").read_text()
        assert text.count('"operation":"generator"') == 1
