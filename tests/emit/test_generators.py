"""Decorated generators: their span is current inside their bodies only, and ends when they do."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextvars import copy_context
from typing import Any

import msgspec
import pytest
from helpers import Line, by_operation
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dopejar_tracing import bind_trace, configure, current_trace_id, shutdown, trace_event
from dopejar_tracing.points import LATER, altitude

Lines = Callable[[], list[Line]]


@bind_trace("memory", "scan", input="{count}")
def scan(count: int) -> Generator[int, str | None, str]:
    """Counts, and remembers what it is sent."""
    sent = []
    for number in range(count):
        trace_event("memory", "step", input=number)
        sent.append((yield number))
    return f"sent {sent}"


@bind_trace("memory", "ascan", input="{count}")
async def ascan(count: int) -> AsyncIterator[int]:
    """Counts."""
    for number in range(count):
        await asyncio.sleep(0)
        trace_event("memory", "step", input=number)
        yield number


class TestGenerator:
    """A generator function."""

    def test_span(self, lines: Lines) -> None:
        """It lasts from the first step to the last; what runs inside is under it, the consumer is not."""
        assert inspect.isgeneratorfunction(scan)
        with bind_trace("focus", "consumer") as consumer:
            for _ in scan(2):
                assert current_trace_id() == consumer.trace_id
                trace_event("focus", "use")
        found = by_operation(lines())
        assert found["scan"]["parent_id"] == found["use"]["parent_id"] == consumer.trace_id
        assert found["step"]["parent_id"] == found["scan"]["trace_id"]
        assert found["scan"]["input_summary"] == "2"
        assert 0 <= found["scan"]["metadata"]["busy_us"] <= found["scan"]["metadata"]["duration_us"]

    def test_send_and_return(self, lines: Lines) -> None:
        """Values go in, and the return value comes out, as undecorated."""

        def outer() -> Generator[int, str | None, str]:
            return (yield from scan(2))

        generator = outer()
        assert (next(generator), generator.send("a")) == (0, 1)
        with pytest.raises(StopIteration) as stop:
            generator.send("b")
        assert stop.value.value == "sent ['a', 'b']"
        assert by_operation(lines())["scan"]["status"] == "success"

    def test_throw(self, lines: Lines) -> None:
        """An exception thrown in may be caught in the body, or ends the span in error."""

        @bind_trace("memory", "patient")
        def patient() -> Iterator[str]:
            try:
                yield "one"
            except ValueError:
                yield "caught"

        generator: Any = patient()
        assert (next(generator), generator.throw(ValueError)) == ("one", "caught")
        error = KeyError("x")
        with pytest.raises(KeyError) as raised:
            generator.throw(error)
        assert raised.value is error
        assert lines()[0]["metadata"]["error_type"] == "KeyError"

    @pytest.mark.parametrize("ending", ["close", "collect", "elsewhere"])
    def test_broken_off(self, lines: Lines, ending: str) -> None:
        """Closed, collected, or closed in another context: the span ends without an error."""
        generator = scan(5)
        next(generator)
        if ending == "elsewhere":
            copy_context().run(generator.close)
        elif ending == "close":
            generator.close()
        del generator
        gc.collect()
        assert current_trace_id() is None
        (line,) = [line for line in lines() if line["operation"] == "scan"]
        assert line["status"] == "success"

    def test_span_held_open_inside(self, lines: Lines) -> None:
        """A span that the body holds open over a step is current again in the next one, and only there."""

        @bind_trace("memory", "outer")
        def holding() -> Iterator[str | None]:
            with bind_trace("memory", "held"):
                yield current_trace_id()
                yield current_trace_id()

        generator = holding()
        first = next(generator)
        assert current_trace_id() is None
        with bind_trace("focus", "consumer"):
            assert next(generator) == first
        list(generator)
        found = by_operation(lines())
        assert first == found["held"]["trace_id"]
        assert found["consumer"]["parent_id"] is None

    def test_two_at_once(self, lines: Lines) -> None:
        """Generators that take turns do not mix."""
        assert list(zip(scan(3), scan(3), strict=True)) == [(0, 0), (1, 1), (2, 2)]
        scans = [line["trace_id"] for line in lines() if line["operation"] == "scan"]
        parents = [line["parent_id"] for line in lines() if line["operation"] == "step"]
        assert sorted(parents) == sorted(scans * 3)

    def test_disabled(self) -> None:
        """While tracing is off it is a generator like any other."""
        configure(enabled=False)
        assert list(scan(3)) == [0, 1, 2]

    def test_typed_point(self, lines: Lines) -> None:
        """Typed points decorate generators as well."""

        @altitude.plan.traced(altitude="{level}", intent="list", plan_summary=LATER)
        def plan(level: str) -> Iterator[str]:
            yield level

        assert list(plan("L2")) == ["L2"]
        assert lines()[0]["input_summary"] == "L2: list"


class TestAsyncGenerator:
    """An async generator function."""

    def test_span(self, lines: Lines) -> None:
        """What runs inside is under its span, the consumer is not."""
        assert inspect.isasyncgenfunction(ascan)

        async def main() -> None:
            async with bind_trace("focus", "consumer") as consumer:
                async for _ in ascan(2):
                    assert current_trace_id() == consumer.trace_id

        asyncio.run(main())
        found = by_operation(lines())
        assert found["step"]["parent_id"] == found["ascan"]["trace_id"]
        assert found["ascan"]["parent_id"] == found["consumer"]["trace_id"]

    def test_broken_off(self, lines: Lines) -> None:
        """A consumer that breaks off is not left inside, and the span ends."""

        async def main() -> None:
            async for _ in ascan(5):
                break
            assert current_trace_id() is None
            gc.collect()
            for _ in range(9):  # the loop closes it in a task
                await asyncio.sleep(0)

        asyncio.run(main())
        assert by_operation(lines())["ascan"]["status"] == "success"

    def test_closed_by_another_task(self, lines: Lines) -> None:
        """`aclose` from another task ends the span, and harms neither task."""

        async def main() -> None:
            generator: Any = ascan(5)
            await anext(generator)
            async with bind_trace("focus", "other"):
                await asyncio.create_task(generator.aclose())
                trace_event("focus", "after")

        asyncio.run(main())
        found = by_operation(lines())
        assert found["ascan"]["status"] == "success"
        assert found["after"]["parent_id"] == found["other"]["trace_id"]

    def test_timeout_and_task_identity(self, lines: Lines) -> None:
        """`asyncio.timeout` inside the body works, and the body runs in its consumer's task."""
        tasks = []

        @bind_trace("memory", "slow")
        async def slow() -> AsyncIterator[str]:
            tasks.append(asyncio.current_task())
            try:
                async with asyncio.timeout(0.01):
                    await asyncio.sleep(60)
            except TimeoutError:
                yield "late"

        async def main() -> None:
            tasks.append(asyncio.current_task())
            assert [value async for value in slow()] == ["late"]

        asyncio.run(main())
        assert tasks[0] is tasks[1]
        assert lines()[0]["status"] == "success"

    def test_cancelled(self, lines: Lines) -> None:
        """A consumer that is cancelled leaves an interrupted span."""

        @bind_trace("memory", "waiting")
        async def waiting() -> AsyncIterator[int]:
            await asyncio.sleep(60)
            yield 1

        async def consume() -> None:
            async for _ in waiting():
                pass

        async def main() -> None:
            task = asyncio.create_task(consume())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        assert lines()[0]["metadata"]["interrupted"] is True

    def test_asend_and_athrow(self, lines: Lines) -> None:
        """`asend` and `athrow` work as undecorated."""

        @bind_trace("memory", "talks")
        async def talks() -> Any:
            answer = yield "hello"
            try:
                yield answer
            except ValueError:
                yield "caught"

        async def main() -> None:
            generator = talks()
            assert await anext(generator) == "hello"
            assert await generator.asend("you") == "you"
            assert await generator.athrow(ValueError) == "caught"
            await generator.aclose()

        asyncio.run(main())
        assert len(lines()) == 1


class Script(msgspec.Struct, frozen=True):
    """What a generator does when something is thrown in at each of its yields, and what it returns."""

    reactions: tuple[str, ...]
    result: int


SCRIPTS = st.builds(
    Script,
    st.lists(st.sampled_from(["pass", "catch", "return", "other", "stop"]), max_size=4).map(tuple),
    st.integers(0, 9),
)
STEPS = st.lists(
    st.sampled_from(["next", "send", "close"])
    | st.sampled_from([ValueError, KeyboardInterrupt, GeneratorExit, StopIteration, StopAsyncIteration]),
    max_size=6,
)


def react(reaction: str, error: BaseException) -> bool:
    """What a body does with an error; whether it is to return."""
    if reaction == "pass":
        raise error
    if reaction == "other":
        raise KeyError(1) from None
    if reaction == "stop":
        raise StopIteration(5)
    return reaction == "return"


def scripted(script: Script) -> Generator[object, object, int]:
    """A generator that follows a script."""
    got: object = None
    for number, reaction in enumerate(script.reactions):
        try:
            got = yield number, got
        except BaseException as error:
            if react(reaction, error):
                return script.result
    return script.result


async def ascripted(script: Script) -> AsyncGenerator[object, object]:
    """An async generator that follows a script."""
    got: object = None
    for number, reaction in enumerate(script.reactions):
        await asyncio.sleep(0)
        try:
            got = yield number, got
        except BaseException as error:
            await asyncio.sleep(0)
            if react(reaction, error):
                return


def outcome_of(error: BaseException) -> object:
    """What can be told of an error: its kind, and what it says or returns."""
    return type(error), str(error)


def outcomes(generator: Any, steps: list[Any]) -> list[object]:
    """What comes of each step."""
    seen: list[object] = []
    for number, step in enumerate(steps):
        try:
            if step in ("next", "send"):
                seen.append(next(generator) if step == "next" else generator.send(number))
            else:
                seen.append(generator.close() if step == "close" else generator.throw(step(number)))
        except BaseException as error:
            seen.append(outcome_of(error))
        seen.append(inspect.getgeneratorstate(generator))
    return [*seen, *generator]  # to its end: one that refuses to be closed must not be collected


async def aoutcomes(generator: Any, steps: list[Any]) -> list[object]:
    """What comes of each step."""
    seen: list[object] = []
    for number, step in enumerate(steps):
        try:
            if step in ("next", "send"):
                seen.append(await (anext(generator) if step == "next" else generator.asend(number)))
            else:
                seen.append(await (generator.aclose() if step == "close" else generator.athrow(step(number))))
        except BaseException as error:
            seen.append(outcome_of(error))
    return seen + [item async for item in generator]


class TestAsUndecorated:
    """Whatever is done with a decorated generator has the same outcome as undecorated."""

    @given(SCRIPTS, STEPS)
    @settings(deadline=None)
    @example(Script(("pass",), 0), ["next", GeneratorExit])
    @example(Script(("return",), 3), ["next", GeneratorExit])
    @example(Script(("catch", "pass"), 0), ["next", GeneratorExit, "close"])
    def test_generator(self, script: Script, steps: list[Any]) -> None:
        """For `next`, `send`, `throw`, `close`, and whatever its body does with what is thrown in."""
        with tracing():
            decorated = bind_trace("memory", "scripted")(scripted)
            assert outcomes(decorated(script), steps) == outcomes(scripted(script), steps)

    @given(SCRIPTS, STEPS)
    @settings(deadline=None)
    @example(Script(("return",), 0), ["next", GeneratorExit])
    def test_async_generator(self, script: Script, steps: list[Any]) -> None:
        """For `anext`, `asend`, `athrow`, `aclose` too."""

        async def main() -> None:
            decorated = bind_trace("memory", "scripted")(ascripted)
            assert await aoutcomes(decorated(script), steps) == await aoutcomes(ascripted(script), steps)

        with tracing():
            asyncio.run(main())

    def test_context_manager(self, lines: Lines) -> None:
        """A context manager made of one does not swallow the close of a generator that uses it."""
        manager = contextlib.contextmanager(bind_trace("memory", "managed")(scripted))
        went_on = []

        def body() -> Iterator[int]:
            with manager(Script(("pass",), 0)):
                yield 1
            went_on.append(True)

        generator: Any = body()
        next(generator)
        generator.close()
        assert went_on == []
        assert lines()[0]["status"] == "success"


class TestBusy:
    """`duration_us` is the whole, `busy_us` what ran inside."""

    def test_consumer(self, lines: Lines) -> None:
        """Time spent in the consumer is not the generator's; time in its body is."""

        @bind_trace("memory", "works")
        def works() -> Iterator[None]:
            spend(0.002)
            yield
            spend(0.002)

        @bind_trace("memory", "aworks")
        async def aworks() -> AsyncIterator[None]:
            for _ in works():
                yield

        async def main() -> None:
            async for _ in aworks():
                spend(0.005)

        asyncio.run(main())
        for line in lines():
            assert line["metadata"]["busy_us"] >= 4_000
            assert line["metadata"]["duration_us"] - line["metadata"]["busy_us"] >= 4_900


def spend(seconds: float) -> None:
    """Be busy for so long."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


@contextlib.contextmanager
def tracing() -> Iterator[None]:
    """Tracing into nowhere, for one example."""
    configure(enabled=True, output="/dev/null", console="never")
    try:
        yield
    finally:
        shutdown()
