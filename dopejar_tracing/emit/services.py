"""Chains across services: the parent in the headers of a request, W3C Trace Context (contract §4).

Our ID travels in `tracestate`, under a key of our own, and so survives services that know nothing of us and
put their own parent-id into `traceparent`. That one holds hashes of our IDs, for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, MutableSequence
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from dopejar_tracing.emit.context import CURRENT, open_span
from dopejar_tracing.emit.pipeline import Pipeline, running
from dopejar_tracing.emit.span import NULL_SPAN, NullSpan, Span
from dopejar_tracing.errors import InvalidIdError
from dopejar_tracing.model.foreign import ask
from dopejar_tracing.model.ids import parse_id
from dopejar_tracing.model.values import complaint, plain_text
from dopejar_tracing.model.w3c import (
    RANDOM,
    SAMPLED,
    Members,
    Traceparent,
    format_tracestate,
    lead,
    parent_id_of,
    parse_traceparent,
    parse_tracestate,
    trace_id_of,
)
from dopejar_tracing.notices import Losses

Headers = TypeVar("Headers", bound=MutableMapping[Any, Any] | MutableSequence[Any])

KEY = "dopejar"
"""Our key in `tracestate`."""
MAX_HEADERS = 10_000
"""Headers that are looked at: what is given may have no end."""

LOST = Losses("headers", "parent")
"""Headers that could not be read or written."""


def inject(headers: Headers) -> Headers:
    """Write the span that is open here into the headers of a request to another service.

        httpx.get(url, headers=inject({"accept": "application/json"}))

    Where no span is open, what `extract` found around is passed on as it came; else the parent that this
    process was started with, if any; else, and while tracing is off, nothing is written. Never raises.

    Args:
        headers: a mutable mapping, or a list of pairs; of bytes if those that are in it are. What it holds
            under the two names, in whatever case, is replaced.

    Returns:
        The same object.
    """
    pipeline = running()
    if pipeline is not None:
        _try(lambda: _inject(headers, pipeline))
    return headers


def extract(headers: Iterable[Any]) -> RemoteContext:
    """Read from the headers of a request which span of another service it comes from.

        with extract(request.headers):          # also `async with`
            with bind_trace("system", "request"): ...

    What happens inside hangs under that span, unless a span encloses it that was opened inside as well, or
    comes from these very headers, which a middleware around has read. If they name none of our spans, parents
    are what they would be without. Never raises; what is malformed is ignored, as
    https://www.w3.org/TR/trace-context/ says.

    Args:
        headers: a mapping, or pairs; names in any case; text or bytes, as in an ASGI scope.
    """
    context = RemoteContext()
    if running() is not None:
        _try(lambda: context.read(headers))
    return context


class RemoteContext(msgspec.Struct, eq=False):
    """What `extract` gives; may be entered several times, and by several threads or tasks."""

    parent_id: str | None = None
    """ID of the span upstream, if it is one of ours."""
    traceparent: Traceparent | None = None
    """What came in, from whatever service, if it is valid."""
    tracestate: Members = ()
    """(key, value) of the members that came in, ours among them."""
    entered: list[tuple[Span, Span | None]] = []
    """What was made current, and what was before."""

    @property
    def foreign(self) -> dict[str, str]:
        """Metadata that names a parent which is no span of ours: `traceparent`, as it came; else empty."""
        if self.traceparent is None or self.parent_id is not None:
            return {}
        return {"traceparent": str(self.traceparent)}

    def read(self, headers: Any) -> None:
        """Take in what is valid among the headers."""
        pairs = headers.items() if hasattr(headers, "items") else headers
        found: dict[str, list[str]] = {"traceparent": [], "tracestate": []}
        for name, value in islice(pairs, MAX_HEADERS):
            found.get(_text(name).lower(), []).append(_text(value))
        self.traceparent = parse_traceparent(found["traceparent"])
        if self.traceparent is not None:
            self.tracestate = parse_tracestate(found["tracestate"])
            self.parent_id = _own_id(dict(self.tracestate).get(KEY, ""))

    def __enter__(self) -> Self:
        if self.traceparent is not None:
            before = CURRENT.get()
            span = before if before is not None and self._is_around(before) else _remote_span(self)
            self.entered.append((span, before))
            CURRENT.set(span)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        entered = tuple(self.entered)  # other threads may enter and leave it meanwhile
        if not entered:
            return
        here = CURRENT.get()
        entry = next((entry for entry in entered if entry[0] is here), entered[-1])
        with suppress(ValueError):
            self.entered.remove(entry)
        span, before = entry
        if span is here:
            # It has not ended: that is for its own service to say, and what was handed to a thread or a task
            # in here, and runs later, still comes from it.
            CURRENT.set(before)
        elif isinstance(span, RemoteSpan):
            # Left elsewhere, as by a generator that is collected: where it was entered it must not stay.
            span.ended = True

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def _is_around(self, here: Span) -> bool:
        """Whether a span of ours that is open here comes from the same headers, read by somebody around."""
        top = _top(here)
        return (
            top is not here
            and not here.ended
            and isinstance(top, RemoteSpan)
            and (top.context.traceparent, top.context.tracestate) == (self.traceparent, self.tracestate)
        )


class RemoteSpan(NullSpan, kw_only=True):
    """Stands for the span of another service where the current one is kept: false, and does nothing.

    Its `trace_id` is what its children have for a parent: the ID upstream, if that is ours; else what they
    would have without. Its `parent` is the nearest span of this process around it.
    """

    context: RemoteContext


def _remote_span(context: RemoteContext) -> RemoteSpan:
    around = open_span()
    # Not one remote span on the other: a consumer that starts its next task inside this one would keep all.
    while around is not None and (around.ended or isinstance(around, RemoteSpan)):
        around = around.parent
    own = context.parent_id
    like = around if around is not None and own is None else NULL_SPAN
    trace_id = own or _id_of(around, running())
    return RemoteSpan(site=like.site, parent=around, trace_id=trace_id, context=context)


def _id_of(span: Span | None, pipeline: Pipeline | None) -> str | None:
    """What has this span for the nearest has this parent."""
    if span is not None:
        return span.trace_id
    return None if pipeline is None else pipeline.parent_id


def _own_id(text: str) -> str | None:
    """The ID, if it is one as we write it."""
    try:
        return text if str(parse_id(text)) == text else None
    except InvalidIdError:
        return None


def _inject(headers: Any, pipeline: Pipeline) -> None:
    outgoing = _outgoing(pipeline)
    if outgoing is not None:
        traceparent, tracestate = outgoing
        _write(headers, {"traceparent": str(traceparent), "tracestate": format_tracestate(tracestate)})


def _outgoing(pipeline: Pipeline) -> tuple[Traceparent, Members] | None:
    """What the next service is to be told."""
    here = open_span()
    top = None if here is None else _top(here)
    remote = top.context if isinstance(top, RemoteSpan) else RemoteContext()
    came = remote.traceparent
    own = _id_of(here, pipeline)
    if came is not None and (own is None or (here is top and own == remote.parent_id)):
        return came, remote.tracestate
    if own is None:
        return None
    if came is None:
        root = own if top is None else top.parent_id or top.trace_id or own
        came = Traceparent(trace_id_of(root), "", 0)
    sent = Traceparent(came.trace_id, parent_id_of(own), SAMPLED | came.flags & RANDOM)
    return sent, lead(KEY, own, remote.tracestate)


def _top(span: Span) -> Span:
    """Where the chain of this span begins: the nearest remote span, or the root in this process.

    Through those that have ended as well, since they know where the chain came from.
    """
    while not isinstance(span, RemoteSpan):
        above = span.parent
        if above is None:
            break
        span = above
    return span


def _write(headers: Any, fields: dict[str, str]) -> None:
    """Put the fields that are not empty in the place of all that have their names."""
    is_mapping = hasattr(headers, "keys")
    names = list(headers.keys()) if is_mapping else [name for name, _ in headers]
    in_bytes = any(issubclass(type(name), bytes) for name in names)
    new = [(n.encode(), v.encode()) if in_bytes else (n, v) for n, v in fields.items() if v]
    if not is_mapping:
        headers[:] = [pair for pair in headers if _text(pair[0]).lower() not in fields] + new
        return
    for name in names:
        if _text(name).lower() in fields:
            with suppress(KeyError):  # a mapping of several values: the first took the second with it
                del headers[name]
    for name, value in new:
        headers[name] = value


def _text(value: Any) -> str:
    if issubclass(type(value), (bytes, bytearray)):
        return bytes(value).decode("latin-1")
    return plain_text(value)


def _try(act: Callable[[], None]) -> None:
    """Headers that cannot be read or written are a mistake of the application: counted, and said."""
    error: BaseException | None = ask(act, lambda error: error)
    if error is not None:
        LOST.add(complaint(error))
