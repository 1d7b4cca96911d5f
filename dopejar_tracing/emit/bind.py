"""`bind_trace`: opens a span around a block, or around each call of a function (contract §4)."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partialmethod, wraps
from types import CodeType, TracebackType
from typing import Any, TypeVar, cast

import msgspec

from dopejar_tracing.emit.context import CURRENT, open_span
from dopejar_tracing.emit.generators import trace_async_generator, trace_generator
from dopejar_tracing.emit.pipeline import ACTIVE, MINT, Pipeline, running
from dopejar_tracing.emit.site import COMPONENTS, CONTEXTLIB, caller, component_of, level_of
from dopejar_tracing.emit.span import NULL_SPAN, EndRule, Span
from dopejar_tracing.emit.template import Fill, filler
from dopejar_tracing.model.event import INFO
from dopejar_tracing.model.values import MAX_COMPONENT, gather_metadata, summary_of, text_of

F = TypeVar("F", bound=Callable[..., Any])


def bind_trace(
    layer: str,
    operation: str,
    component: str | None = None,
    *,
    input: object = "",
    output: object = "",
    level: str | None = None,
    metadata: object = None,
    **more: object,
) -> BoundTrace:
    """Open a span, and bind its ID for all that is logged inside it.

        with bind_trace("altitude", "transition", input="L3→L2") as span:
            span.set_output("success", reason="user requested tactical")

        @bind_trace("memory", "write", input="{namespace}.{key}")
        def write(namespace, key, data): ...

    Works with `with`, `async with`, and as a decorator of functions, coroutine functions, generators and
    async generators. It never raises, whatever it is given; what it cannot make sense of is named in the
    metadata.

    Args:
        layer: long or short name.
        operation: what is done, such as `transition`.
        component: who does it; by default the basename of the caller's file.
        input: any object, shown by `str`. As a decorator: a template of the function's arguments.
        output: what comes out, unless `set_output` says it.
        level: `debug`, `info` (the default), `warn` or `error`.
        metadata: a mapping of values to record.
        more: further values to record, by name.
    """
    return BoundTrace(layer, operation, component, input, output, level, metadata, more)


class BoundTrace(msgspec.Struct, eq=False):
    """What `bind_trace` returns: opens a new span each time that it is entered or called through."""

    layer: Any
    operation: Any
    component: Any
    input: Any
    output: Any
    level: Any
    metadata: Any
    more: dict[str, Any]
    spans: list[Span] | None = None
    """Those open now; several, if one object is entered again before it is left. None before the first."""

    def __enter__(self) -> Span:
        if ACTIVE.pipeline is None:  # all that disabled tracing costs
            return NULL_SPAN
        try:  # as `caller` does, but without a call
            code = sys._getframe(1).f_code
        except ValueError:
            code = sys._getframe().f_code
        span = self._begin(caller() if code.co_filename == CONTEXTLIB else code, None, {})
        if span is not NULL_SPAN:
            self._keep(span)
        return span

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        spans = self.spans
        if spans:
            # The first, as again another thread may enter.
            span = spans.pop(0) if len(spans) == 1 else _leave(spans)
            span.finish(error)

    async def __aenter__(self) -> Span:
        if ACTIVE.pipeline is None:
            return NULL_SPAN
        span = self._begin(caller(), None, {})
        if span is not NULL_SPAN:
            self._keep(span)
        return span

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: F) -> F:
        """Decorate: a span around each call; signature and kind of the function stay."""
        if isinstance(function, (staticmethod, classmethod)):
            return cast("F", type(function)(self(function.__func__)))
        if not callable(function):
            return cast("F", self._member(function))
        if isinstance(function, type):
            return cast("F", self._class(function, caller()))
        return self._decorate(function, _code_of(function) or caller())

    def _decorate(self, function: F, code: CodeType) -> F:
        fill = filler(function)

        def call_span(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span:
            if ACTIVE.pipeline is None:
                return NULL_SPAN
            notes: dict[str, Any] = {}
            return self._begin(code, fill(args, kwargs, notes), notes)

        if inspect.isgeneratorfunction(function):
            return cast("F", _like(function, trace_generator(function, call_span)))
        if inspect.isasyncgenfunction(function):
            return cast("F", _like(function, trace_async_generator(function, call_span)))
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):

            async def traced_coroutine(*args: Any, **kwargs: Any) -> Any:
                if ACTIVE.pipeline is None:
                    return await function(*args, **kwargs)
                span = call_span(args, kwargs)
                try:
                    result = await function(*args, **kwargs)
                except BaseException as error:
                    span.finish(error)
                    raise
                span.finish()
                return result

            return cast("F", _like(function, traced_coroutine))

        def traced(*args: Any, **kwargs: Any) -> Any:
            if ACTIVE.pipeline is None:
                return function(*args, **kwargs)
            span = call_span(args, kwargs)
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                span.finish(error)
                raise
            span.finish()
            return result

        return cast("F", _like(function, traced))

    def _member(self, thing: Any) -> Any:
        """The same, made of decorated functions; what is made of none that we know stays as it is."""
        if type(thing) is property:
            parts: list[Any] = [thing.fget, thing.fset, thing.fdel]
            return property(*[*(part and self(part) for part in parts), thing.__doc__])
        if type(thing) is partialmethod:
            return partialmethod(self(thing.func), *thing.args, **thing.keywords)
        if type(thing) is cached_property:
            return cached_property(self(thing.func))
        return thing

    def _class(self, kind: Any, code: CodeType) -> Any:
        """The class itself, with a span around each construction."""
        with suppress(TypeError):  # it is made in C, and cannot be changed
            if kind.__init__ is object.__init__ and kind.__new__ is not object.__new__:  # a named tuple, say
                kind.__new__ = staticmethod(self._decorate(kind.__new__, code))
            else:
                kind.__init__ = self._decorate(kind.__init__, code)
        return kind

    def _keep(self, span: Span) -> None:
        """Remember a span for its end."""
        if self.spans is None:
            self.spans = [span]  # at once: another thread may enter through this object
        else:
            self.spans.append(span)

    def _begin(self, code: CodeType, fill: Fill | None, notes: dict[str, Any]) -> Span:
        """Begin a span; `fill` is there if it is for a call of a decorated function."""
        return begin(self, code, self.input if fill is None else fill(self.input), self.more, notes)


def _leave(spans: list[Span]) -> Span:
    """Of the spans opened through one object, the one that is current here; else the last."""
    here = CURRENT.get()
    if here in spans:
        spans.remove(here)
        return here
    return spans.pop()


_CACHE = ("cache_info", "cache_clear", "cache_parameters")
"""What functools.lru_cache gives a function, and `wraps` does not know of."""


def _like(function: Callable[..., Any], wrapper: Callable[..., Any]) -> Callable[..., Any]:
    """The wrapper with name, signature and all of the function, as far as it has them."""
    for name in _CACHE:
        if hasattr(function, name):
            setattr(wrapper, name, getattr(function, name))
    with suppress(TypeError):  # a callable object whose __name__ is no text
        return wraps(function)(wrapper)
    return wrapper


def _code_of(function: Callable[..., Any]) -> CodeType | None:
    try:
        code = getattr(inspect.unwrap(function), "__code__", None)
    except ValueError:  # it wraps itself
        return None
    return code if isinstance(code, CodeType) else None


def begin(
    bound: BoundTrace,
    code: CodeType,
    given: object,
    more: dict[str, Any],
    notes: dict[str, Any],
    rule: EndRule | None = None,
) -> Span:
    """Begin a span: make it current and tell those who watch, if its level lets it be recorded.

    Args:
        bound: what `bind_trace` was given.
        code: of the caller, whose file is the component unless one was given.
        given: the input.
        more: values to record, by name.
        notes: reserved metadata known already.
        rule: what is derived when the span ends.
    """
    pipeline = ACTIVE.pipeline
    if type(pipeline) is not Pipeline:
        pipeline = running()
        if pipeline is None:
            return NULL_SPAN
    try:
        layer, operation = bound.layer, bound.operation
        if type(layer) is str and type(operation) is str:
            site = pipeline.sites[layer, operation]
        else:
            site = pipeline.sites.resolve(layer, operation)
        level = INFO if bound.level is None else level_of(bound.level, notes)
        if site.unknown:
            notes |= site.unknown
        parent = CURRENT.get()
        if parent is not None and parent.ended:
            parent = open_span()
        component, output, metadata = bound.component, bound.output, bound.metadata
        is_recorded = level >= site.threshold
        span = Span(
            site,
            parent,
            pipeline.parent_id if parent is None else parent.trace_id,
            (COMPONENTS.get(code.co_filename) or component_of(code))
            if component is None
            else summary_of(component, MAX_COMPONENT),
            given if type(given) is str else text_of(given),
            output if type(output) is str else text_of(output),
            level,
            time.time_ns() if is_recorded else 0,
            time.perf_counter_ns(),
            gather_metadata(metadata, more, notes) if more or metadata is not None else {},
            notes,
            rule,
        )
        if is_recorded:
            span.trace_id = MINT(site.prefix, span.began_ns)
            if pipeline.watchers:
                pipeline.started(span)
            CURRENT.set(span)
        return span
    except Exception as error:  # tracing never breaks the application (contract §4)
        pipeline.fail(error)
        return NULL_SPAN
