"""What a typed trace point is made of; the catalogue itself is `dopejar_tracing.points`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast, dataclass_transform

import msgspec

from dopejar_tracing.emit.bind import BoundTrace, begin
from dopejar_tracing.emit.event import record_event
from dopejar_tracing.emit.pipeline import ACTIVE
from dopejar_tracing.emit.site import caller, status_of
from dopejar_tracing.emit.span import NULL_SPAN, Span
from dopejar_tracing.emit.template import Fill, fill_fields
from dopejar_tracing.model.event import SUCCESS, Status

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])

LATER: Any = None
"""Stands for a field that is not known when a span opens: `span.set_output(..., confidence=0.8)` gives it."""

REFUSALS = frozenset({"denied", "refused"})
"""Outputs that say that something was not allowed: they make the status `blocked`."""

OVERRIDES = frozenset({"input", "output", "status", "component", "level", "metadata"})


class Rule(msgspec.Struct, frozen=True, dict=True):
    """What a trace point makes of its fields.

    Attributes:
        layer: long name.
        operation: what is done.
        level: of its lines.
        input: template of the input summary over the fields, as `fill_fields` reads it.
        output: template of the output summary.
        fields: name → default, of the data that each line must carry; `REQUIRED` where there is none.
    """

    layer: str
    operation: str
    level: str
    input: str
    output: str
    fields: Mapping[str, object]

    @cached_property
    def required(self) -> list[str]:
        """The fields that have no default."""
        return [name for name, default in self.fields.items() if default is REQUIRED]

    def sort(self, args: tuple[object, ...], given: dict[str, Any]) -> Call:
        """Tell fields from overrides; what is neither is recorded too, and named."""
        if not args and given.keys() == self.fields.keys():  # nearly always
            return Call(given, {}, {})
        places = [*self.fields, *(f"argument_{place}" for place in range(len(self.fields), len(args)))]
        named = dict(zip(places, args, strict=False)) | given
        own = OVERRIDES - self.fields.keys()
        overrides = {name: value for name in own if (value := named.pop(name, None)) is not None}
        known = {name: named.pop(name, default) for name, default in self.fields.items()}
        fields = {name: value for name, value in known.items() if value is not REQUIRED}
        notes: dict[str, Any] = {"unknown_fields": list(named)} if named else {}
        return Call(fields | named, overrides, notes)

    def conclude(self, span: Span, *, judge: bool) -> None:
        """Say what is left to say of a span that ends: its output, its status, and what is still not known.

        Args:
            span: its metadata hold the fields.
            judge: whether the output may decide the status.
        """
        done = span.status == SUCCESS
        if done and not span.output:
            span.output = fill_fields(self.output, span.metadata, span.notes)
        if done and judge and span.output in REFUSALS:
            span.status = Status.BLOCKED.value
        # What was stopped has no results; but what it did not even promise for later is missing.
        values = span.metadata
        if None in map(values.get, self.required):  # nearly never
            missing = [
                name for name in self.required if name not in values or (done and values[name] is None)
            ]
            if missing:
                span.notes["missing_fields"] = missing

    def record(self, call: Call, code: CodeType) -> None:
        """Record one moment."""
        fields, overrides, notes = call.fields, call.overrides, call.notes
        given, output = overrides.get("input"), overrides.get("output")
        if given is None:
            given = fill_fields(self.input, fields, notes)
        if output is None:
            output = fill_fields(self.output, fields, notes)
        refused = type(output) is str and output in REFUSALS
        missing = [name for name in self.required if fields.get(name) is None]
        if missing:
            notes["missing_fields"] = missing
        record_event(
            self.layer,
            self.operation,
            overrides.get("component", code),
            given,
            output,
            overrides.get("status", (Status.BLOCKED if refused else Status.SUCCESS).value),
            overrides.get("level", self.level),
            overrides.get("metadata"),
            fields,
            notes,
        )


class Call(msgspec.Struct, frozen=True):
    """The arguments of a trace point, told apart."""

    fields: dict[str, Any]
    overrides: dict[str, Any]
    notes: dict[str, Any]


REQUIRED: Any = object()


class TypedTrace(BoundTrace):
    """What a trace point gives when it is called: `bind_trace` with the fields and rules of the point."""

    rule: Any = None
    call: Any = None

    def _begin(self, code: CodeType, fill: Fill | None, notes: dict[str, Any]) -> Span:
        rule, call = cast("Rule", self.rule), cast("Call", self.call)
        fields = call.fields if fill is None else {name: fill(value) for name, value in call.fields.items()}
        given = self.input if fill is None else fill(self.input)
        if given is None:
            given = fill_fields(rule.input, fields, notes)
        notes |= call.notes
        status = call.overrides.get("status")
        span = begin(self, code, given, fields, notes, partial(rule.conclude, judge=status is None))
        if status is not None and span:
            span.status = status_of(status, notes)
        return span


class _NullTrace:
    """What a point gives while tracing is disabled."""

    def __enter__(self) -> Span:
        return NULL_SPAN

    def __exit__(self, *_: object) -> None:
        pass

    async def __aenter__(self) -> Span:
        return NULL_SPAN

    async def __aexit__(self, *_: object) -> None:
        pass


NULL_TRACE = _NullTrace()


@dataclass_transform(kw_only_default=True)
class PointType(type):
    """Makes a class that stands for a trace point callable with its fields, in three ways.

    To a type checker a point is a class, its fields the arguments of its constructor, of `event` and of
    `traced`. At run time nothing is ever an instance of it: a call gives a `TypedTrace`, and one that does
    not fit is recorded with what is wrong instead of raised, since tracing never breaks the application.
    """

    rule: Rule

    if not TYPE_CHECKING:  # a checker that saw this would take it for the signature of every point

        def __call__(cls, *args: Any, **given: Any) -> Any:
            """Open a span."""
            return NULL_TRACE if ACTIVE.pipeline is None else cls.bound(args, given)

        def bound(cls, args: tuple[Any, ...], given: dict[str, Any]) -> TypedTrace:
            """What opens spans of this point."""
            rule = cls.rule
            call = rule.sort(args, given)
            said = call.overrides.get
            return TypedTrace(
                rule.layer,
                rule.operation,
                said("component"),
                said("input"),
                said("output", ""),
                said("level", rule.level),
                said("metadata"),
                {},
                None,
                rule,
                call,
            )

    def event(cls: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Record one moment."""
        if ACTIVE.pipeline is not None:
            rule = cast("PointType", cls).rule
            rule.record(rule.sort(args, kwargs), caller())

    def traced(cls: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Callable[[F], F]:
        """Decorate: a span around each call; texts with `{names}` are filled with the call's arguments."""
        bound: TypedTrace = cast("Any", cls).bound(args, kwargs)
        return bound


class Point(metaclass=PointType):
    """Base of the trace points: a subclass is one, its annotations the data that its lines must carry.

        class tools:
            class search(Point, input="{query}", output="{hits} hits"): query: str; hits: int

        tools.search.event(query="weather", hits=3)

    The layer is the name of the class around it, or `layer=`; the operation is its own name, or `operation=`.
    `level` is that of its lines; `input` and `output` are templates of the summaries over the fields. What
    stands below can be given in every call, and overrides what the point would say.
    """

    input: object = None
    output: object = None
    status: str | None = None
    component: str | None = None
    level: str | None = None
    metadata: object = None

    def __init_subclass__(
        cls,
        *,
        layer: str | None = None,
        operation: str | None = None,
        level: str = "info",
        input: str = "",
        output: str = "",
    ) -> None:
        """Define a trace point."""
        around = cls.__qualname__.rpartition(".")[0].rpartition(".")[2]
        fields = {name: cls.__dict__.get(name, REQUIRED) for name in inspect.get_annotations(cls)}
        cls.rule = Rule(layer or around or "system", operation or cls.__name__, level, input, output, fields)

    if TYPE_CHECKING:

        def __enter__(self) -> Span: ...
        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            traceback: TracebackType | None,
        ) -> None: ...
        async def __aenter__(self) -> Span: ...
        async def __aexit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            traceback: TracebackType | None,
        ) -> None: ...
