"""What somebody looks for, as one question that is asked of each event."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from fnmatch import translate
from typing import Any

import msgspec
import orjson

from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.event import comparable, exact_duration, written
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.read.query.conditions import compiled
from dopejar_tracing.read.query.where import Where

Test = Callable[[Any], bool]
"""An event, or as much of one as is needed → whether it is looked for."""
Select = Callable[[Sequence[Any]], list[int]]
"""Events → the places of those that are looked for: one comprehension costs half of a call for each."""


class Filter(msgspec.Struct, frozen=True):
    """One condition, of one option.

    Attributes:
        option: that set it: `--since`.
        fields: keys of a line that it looks at.
        test: whether it holds.
        names: that were given, of which one must be the event's.
        select: the same for many at once, where that is quicker.
    """

    option: str
    fields: frozenset[str]
    test: Test
    names: tuple[str, ...] = ()
    select: Select | None = None


class Query(msgspec.Struct, frozen=True):
    """All conditions that must hold; without any, everything is looked for."""

    filters: tuple[Filter, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """Keys of a line that it looks at."""
        return frozenset[str]().union(*(each.fields for each in self.filters))

    @property
    def test(self) -> Test:
        """Whether an event is looked for."""
        tests = [each.test for each in self.filters]
        match tests:
            case []:
                return lambda _: True
            case [only]:
                return only
            case [one, other]:
                return lambda event: one(event) and other(event)
        return lambda event: all(test(event) for test in tests)

    @property
    def select(self) -> Select:
        """The places of those that are looked for."""
        if len(self.filters) == 1 and self.filters[0].select is not None:
            return self.filters[0].select
        return selecting(self.test)


def selecting(test: Test) -> Select:
    """The test, for many at once."""
    return lambda events: [at for at, event in enumerate(events) if test(event)]


def by_layer(names: Iterable[str], layers: Layers) -> Filter:
    """Events of these layers, in either spelling; so may the file have them, if others wrote it."""
    names = list(names)
    wanted = {name.lower() for name in names}
    wanted |= {
        spelling for layer in map(layers.get, wanted) if layer for spelling in (layer.name, layer.prefix)
    }
    return Filter("--hrm", frozenset({"hrm_layer"}), lambda event: event.hrm_layer in wanted, tuple(names))


def by_status(names: Iterable[str]) -> Filter:
    """Events that ended so."""
    wanted = frozenset(names)
    return Filter(
        "--status",
        frozenset({"status"}),
        lambda event: event.status in wanted,
        tuple(wanted),
        lambda events: [at for at, event in enumerate(events) if event.status in wanted],
    )


def by_operation(patterns: Iterable[str]) -> Filter:
    """Events of these operations: `write`, `gate_*`, or with their layer, as points: `memory.read`."""
    patterns = tuple(patterns)
    matches = _any_of(patterns)
    return Filter(
        "--operation",
        frozenset({"operation", "hrm_layer"}),
        lambda event: matches(event.operation) or matches(f"{event.hrm_layer}.{event.operation}"),
        patterns,
    )


def by_component(patterns: Iterable[str]) -> Filter:
    """Events of these components: `altitude.py`, `*.py`."""
    patterns = tuple(patterns)
    matches = _any_of(patterns)
    return Filter("--component", frozenset({"component"}), lambda event: matches(event.component), patterns)


def since(moment: datetime) -> Filter:
    """Events that began then or later."""
    bound = written(moment)
    return Filter("--since", frozenset({"timestamp"}), lambda event: comparable(event.timestamp) >= bound)


def until(moment: datetime) -> Filter:
    """Events that began before then."""
    bound = written(moment)
    return Filter("--until", frozenset({"timestamp"}), lambda event: "" < comparable(event.timestamp) < bound)


def longer_than(microseconds: int) -> Filter:
    """Spans that took longer."""
    return Filter(
        "--longer-than",
        frozenset({"metadata", "duration_ms"}),
        lambda event: (exact_duration(event.metadata, event.duration_ms) or 0) > microseconds,
    )


def grep(pattern: str, *, ignore_case: bool = False) -> Filter:
    """Events with a match in a summary, or in a value or key of the metadata, errors among them.

    Raises:
        QueryError: it is no regular expression; a caret stands under the spot.
    """
    try:
        search = compiled(pattern, re.MULTILINE | (re.IGNORECASE if ignore_case else 0)).search
    except re.error as error:
        at = error.pos or 0
        msg = f"expected a regular expression; {error.msg}\n  {pattern}\n  {' ' * at}^"
        raise QueryError(msg) from None
    return Filter(
        "--grep",
        frozenset({"input_summary", "output_summary", "metadata"}),
        lambda event: search(searchable(event)) is not None,
    )


def where(conditions: Sequence[Where]) -> Filter:
    """Events for which all of the conditions hold."""
    fields = frozenset[str]().union(*(condition.fields for condition in conditions))
    tests = [condition.test for condition in conditions]
    if len(tests) == 1:
        return Filter("--where", fields, tests[0])
    return Filter("--where", fields, lambda event: all(test(event) for test in tests))


def searchable(event: Any) -> str:
    """What `--grep` looks through: both summaries, and each metadata as `key: value`, a line each."""
    lines = [event.input_summary, event.output_summary]
    for key, value in event.metadata.items():
        kind = type(value)  # an int reads the same as JSON, in a third of the time
        lines.append(f"{key}: {value if kind is str or kind is int else _as_json(value)}")
    return "\n".join(lines)


def _as_json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # an integer beyond 64 bits, or deeper than 254 levels
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        except RecursionError:
            return ""


def _any_of(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a text is one of these, in which `*`, `?` and `[…]` stand for others."""
    if not any(character in pattern for pattern in patterns for character in "*?["):
        return frozenset(patterns).__contains__
    match = re.compile("|".join(map(translate, patterns))).match
    return lambda text: match(text) is not None
