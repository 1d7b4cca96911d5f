"""Spans of generators: current inside their bodies, never in their consumers (contract §4).

A generator is resumed by whoever asks for the next value, in whatever context and task; so the current span
is swapped around each step, and what was current inside is kept for the next one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from types import TracebackType
from typing import Any

from dopejar_tracing.emit.context import CURRENT
from dopejar_tracing.emit.pipeline import ACTIVE
from dopejar_tracing.emit.span import Span

CallSpan = Callable[[tuple[Any, ...], dict[str, Any]], Span]
"""(args, kwargs) → the span of this call, begun; the null span while tracing is disabled."""


class _Steps:
    """One generator's span, and the time spent inside its body."""

    __slots__ = ("_busy_ns", "_inside", "_resumed_ns", "_span", "_token")

    def __init__(self, begin: Callable[[], Span]) -> None:
        self._busy_ns = 0
        outside = CURRENT.get()
        self._span = begin()
        self._inside = CURRENT.get()
        CURRENT.set(outside)

    def __enter__(self) -> None:
        self._token = CURRENT.set(self._inside)
        self._resumed_ns = time.perf_counter_ns()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._busy_ns += time.perf_counter_ns() - self._resumed_ns
        inside = CURRENT.get()
        try:
            CURRENT.reset(self._token)
        except ValueError:  # closed while it waited, in another context: what is current there is not ours
            return
        self._inside = inside

    def finish(self, error: BaseException | None = None) -> None:
        """End the span."""
        if self._span:
            self._span.notes["busy_us"] = self._busy_ns // 1_000
        self._span.finish(error)


def trace_generator(function: Callable[..., Any], call_span: CallSpan) -> Callable[..., Any]:
    """A generator function like this one, each generator inside a span from its first step to its last."""

    def traced(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = function(*args, **kwargs)
        if ACTIVE.pipeline is None:
            return (yield from generator)
        steps = _Steps(lambda: call_span(args, kwargs))
        step: Callable[[Any], Any] = generator.send
        given: Any = None
        try:
            while True:
                try:
                    with steps:
                        item = step(given)
                except StopIteration as stop:
                    steps.finish()
                    return stop.value
                try:
                    value = yield item
                except BaseException as error:  # for the body, which may catch it; GeneratorExit too
                    step, given = generator.throw, error
                else:
                    step, given = generator.send, value
        except BaseException as error:
            steps.finish(error)
            raise
        finally:
            given = None  # it may be an error that knows this frame: a cycle, which keeps all that was given

    return traced


def trace_async_generator(function: Callable[..., Any], call_span: CallSpan) -> Callable[..., Any]:
    """The same for an async generator function. No task is made, so `asyncio.timeout` works as ever."""

    async def traced(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        generator = function(*args, **kwargs)
        steps = _Steps(lambda: call_span(args, kwargs))
        step = _first_step(generator)
        try:
            while True:
                try:
                    with steps:
                        item = await step
                except StopAsyncIteration:
                    steps.finish()
                    return
                try:
                    value = yield item
                except BaseException as error:  # for the body, which may catch it; GeneratorExit too
                    step = generator.athrow(error)
                else:
                    step = generator.asend(value)
        except BaseException as error:
            steps.finish(error)
            raise
        finally:
            del step  # as above

    return traced


def _first_step(generator: AsyncGenerator[Any, Any]) -> Awaitable[Any]:
    """Its first step, unknown to the event loop: it would close the body too, when it closes the wrapper."""
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return generator.asend(None)
    finally:
        sys.set_asyncgen_hooks(*hooks)
