"""The span: an operation between its beginning and its end (contract §4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec

from dopejar_tracing.emit.context import CURRENT, open_span
from dopejar_tracing.emit.event import record_event
from dopejar_tracing.emit.pipeline import ACTIVE, MINT, Pipeline, running
from dopejar_tracing.emit.site import Site
from dopejar_tracing.model.errors import MAX_MESSAGE, describe_error
from dopejar_tracing.model.event import INFO, SPAN, STATUS_LEVELS, SUCCESS, Level, Status
from dopejar_tracing.model.values import is_said, own_metadata, summary_of, text_of

EndRule = Callable[["Span"], None]
"""Derives what is left to say of a span that ends, before it is recorded."""


class Span(msgspec.Struct, eq=False, weakref=True):
    """What `with bind_trace(...) as span` gives.

    Its methods may be called at any time and by any thread, and never raise. Of several outputs the last
    counts, and of several values for one key. What is said after the end cannot change the span's line,
    which is on disk: it becomes an event `late_output` under the span.

    A struct, since there is one for every span, and structs are made in C.
    """

    site: Site
    parent: Span | None = None
    """The recorded span around it in this process, current again when this one ends."""
    parent_id: str | None = None
    """ID of the recorded span around it, here or in the process that started this one."""
    component: str = ""
    input: str = ""
    output: str = ""
    level: Level = INFO
    began_ns: int = 0
    """Nanoseconds since the epoch; 0 as long as the span's level keeps it out of the record."""
    started_ns: int = 0
    """Nanoseconds of the monotonic clock."""
    metadata: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    """Reserved metadata."""
    rule: EndRule | None = None
    trace_id: str | None = None
    """None as long as the span's level keeps it out of the record."""
    status: str = SUCCESS
    ended: bool = False
    closed: bool = False
    """Its line is out of reach: written, or another process's to write."""

    def __bool__(self) -> bool:
        """True: the seed's `if ctx:` tells an open span from the null span of disabled tracing."""
        return True

    def __repr__(self) -> str:
        return f"<Span {self.trace_id} {self.layer}.{self.operation} {'ended' if self.ended else 'open'}>"

    @property
    def layer(self) -> str:
        """The long name of its layer."""
        return self.site.layer

    @property
    def operation(self) -> str:
        """What is done."""
        return self.site.operation

    def set_output(self, /, output: object = "", **metadata: object) -> None:
        """Say what came out, any object, shown by `str`; and what else is worth recording."""
        text = output if type(output) is str else text_of(output)  # now: the caller may change it later
        if self.closed:
            self._say_late(text, metadata)
            return
        self.output = text
        if metadata:
            self.metadata.update(own_metadata(metadata, self.notes))

    def add_metadata(self, /, **metadata: object) -> None:
        """Record further values, copied as they are now."""
        if self.closed:
            self._say_late("", metadata)
        else:
            self._add(metadata)

    def block(self, /, reason: object = "", **metadata: object) -> None:
        """Say that this was not allowed: status `blocked`, with the reason in the metadata."""
        if is_said(reason):
            metadata = {"reason": text_of(reason), **metadata}
        if self.closed:
            self._say_late("", metadata, Status.BLOCKED)
            return
        self.status = Status.BLOCKED.value
        self._add(metadata)

    def fail(self, /, error: object = "", **metadata: object) -> None:
        """Say that this failed though nothing is raised; the error is an exception, or words."""
        if self.closed:
            self._say_late(text_of(error), metadata, Status.ERROR)
            return
        self.status = Status.ERROR.value
        if issubclass(type(error), BaseException):
            self.notes |= describe_error(cast("BaseException", error))
        elif is_said(error):
            self.notes["error"] = summary_of(error, MAX_MESSAGE)
        self._add(metadata)

    def finish(self, error: BaseException | None = None) -> None:
        """End the span and record it, if its level lets it; a second end does nothing.

        Args:
            error: what is being raised through it; GeneratorExit is no error (contract §4).
        """
        if self.trace_id is None and error is None and self.rule is None and self.status == SUCCESS:
            self.ended = self.closed = True  # below its level, and nothing went wrong
            return
        duration_ns = time.perf_counter_ns() - self.started_ns
        # Not CURRENT.reset(token): a span may be left in another context than the one it began in, as when
        # a generator is collected, and there the token is not valid.
        if CURRENT.get() is self:
            CURRENT.set(self.parent)
        if self.ended:
            return
        self.ended = True
        try:
            self._close(error, duration_ns)
        except BaseException:  # Ctrl-C, or what a signal handler raises: first the line
            self._close(error, duration_ns)
            raise

    def _close(self, error: BaseException | None, duration_ns: int) -> None:
        if self.closed:  # it is written; or a forked child leaves a span of its parent, which will write it
            return
        # A chain of tasks, each begun in the span of the one before, must not keep all of them.
        parent = self.parent
        while parent is not None and parent.ended:
            parent = self.parent = parent.parent
        if error is not None and not issubclass(type(error), GeneratorExit):
            self.status = Status.ERROR.value
            self.notes |= describe_error(error)
        pipeline = ACTIVE.pipeline
        if type(pipeline) is not Pipeline:
            pipeline = running()
            if pipeline is None:
                self.closed = True
                return
        if self.rule is not None:
            self.rule(self)
        site = self.site
        if self.trace_id is None:
            if max(self.level, STATUS_LEVELS.get(self.status, 0)) < site.threshold:
                self.closed = True
                return
            self.began_ns = time.time_ns() - duration_ns
            self.trace_id = MINT(site.prefix, self.began_ns)  # it went wrong: recorded after all
        event_dict = {
            "trace_id": self.trace_id,
            "parent_id": self.parent_id,
            "timestamp": self.began_ns,
            "hrm_layer": site.layer,
            "operation": site.operation,
            "component": self.component,
            "input_summary": self.input,
            "output_summary": self.output,
            "duration_ms": 0,
            "status": self.status,
            "metadata": self.metadata.copy(),  # another thread may still add to it
            "duration_ns": duration_ns,
        }
        if self.level is not INFO:
            event_dict["level"] = self.level
        if self.notes:
            event_dict |= self.notes
        self.closed = True
        pipeline.record(SPAN, event_dict)

    def interrupt(self) -> None:
        """Record it though it is still open: tracing ends, and nobody may be left to end it."""
        if not self.closed:
            self.status = Status.ERROR.value
            self.notes |= {"error": "still open when tracing ended", "interrupted": True}
            self.finish()

    def _add(self, metadata: dict[str, object]) -> None:
        self.metadata.update(own_metadata(metadata, self.notes))

    def _say_late(self, output: str, metadata: Mapping[str, object], status: Status = Status.SUCCESS) -> None:
        record_event(
            self.site.layer,
            "late_output",
            self.component,
            self.site.operation,
            output,
            status.value,
            None,
            metadata,
            {},
            {},
            under=self,
        )


def current_span() -> Span:
    """The span that encloses the caller; outside any, the null span, which is false and does nothing.

    For a decorated function, which is given no span: `current_span().set_output("found", hits=3)`.
    """
    return open_span() or NULL_SPAN


class NullSpan(Span):
    """What `bind_trace` gives while disabled: false, and does nothing."""

    def __bool__(self) -> bool:
        return False

    def set_output(self, /, output: object = "", **metadata: object) -> None:
        """Nothing."""

    def add_metadata(self, /, **metadata: object) -> None:
        """Nothing."""

    def block(self, /, reason: object = "", **metadata: object) -> None:
        """Nothing."""

    def fail(self, /, error: object = "", **metadata: object) -> None:
        """Nothing."""

    def finish(self, error: BaseException | None = None) -> None:
        """Nothing."""


NULL_SPAN = NullSpan(site=Site("system", "sys", "", INFO, {}), ended=True)
