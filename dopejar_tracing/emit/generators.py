"""Spans of generators: current inside their bodies, never in their consumers (contract §4).

A generator is resumed by whoever asks for the next value, in whatever context and task; so the current span
is swapped around each step, and what was current inside is kept for the next one.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator
from types import TracebackType
from typing import Any

from dopejar_tracing.emit.context import CURRENT
from dopejar_tracing.emit.span import Span

CallSpan = Callable[[tuple[Any, ...], dict[str, Any]], Span]
"""(args, kwargs) → the span of this call, begun; the null span while tracing is disabled."""


class _Steps:
    """One generator's span, and the time spent inside its body."""

    __slots__ = ("_busy_ns", "_inside", "_outside", "_resumed_ns", "_span")

    def __init__(self, begin: Callable[[], Span]) -> None:
        self._busy_ns = 0
        self._outside = CURRENT.get()
        self._span = begin()
        self._inside = CURRENT.get()
        CURRENT.set(self._outside)

    def __enter__(self) -> None:
        self._outside = CURRENT.get()
        CURRENT.set(self._inside)
        self._resumed_ns = time.perf_counter_ns()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._busy_ns += time.perf_counter_ns() - self._resumed_ns
        self._inside = CURRENT.get()
        CURRENT.set(self._outside)

    def finish(self, error: BaseException | None = None) -> None:
        """End the span."""
        if self._span:
            self._span.notes["busy_us"] = self._busy_ns // 1_000
        self._span.finish(error)


def trace_generator(function: Callable[..., Any], call_span: CallSpan) -> Callable[..., Any]:
    """A generator function like this one, each generator inside a span from its first step to its last."""

    def traced(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = function(*args, **kwargs)
        steps = _Steps(lambda: call_span(args, kwargs))
        value: Any = None
        thrown: BaseException | None = None
        try:
            while True:
                try:
                    with steps:
                        item = generator.send(value) if thrown is None else generator.throw(thrown)
                except StopIteration as stop:
                    steps.finish()
                    return stop.value
                try:
                    value, thrown = (yield item), None
                except GeneratorExit:
                    with steps:
                        result: Any = generator.close()
                    steps.finish()
                    return result  # what close() gives from Python 3.13 on
                except BaseException as error:  # for the body, which may catch it
                    thrown = error
        except BaseException as error:
            steps.finish(error)
            raise

    return traced


def trace_async_generator(function: Callable[..., Any], call_span: CallSpan) -> Callable[..., Any]:
    """The same for an async generator function. No task is made, so `asyncio.timeout` works as ever."""

    async def traced(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        generator = function(*args, **kwargs)
        steps = _Steps(lambda: call_span(args, kwargs))
        value: Any = None
        thrown: BaseException | None = None
        try:
            while True:
                try:
                    with steps:
                        step = generator.asend(value) if thrown is None else generator.athrow(thrown)
                        item = await step
                except StopAsyncIteration:
                    steps.finish()
                    return
                try:
                    value, thrown = (yield item), None
                except GeneratorExit:
                    with steps:
                        await generator.aclose()
                    steps.finish()
                    raise
                except BaseException as error:  # for the body, which may catch it
                    thrown = error
        except BaseException as error:
            steps.finish(error)
            raise

    return traced
