"""Events → a summary, many at a time: what is done for each of them is done by C where it can be."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from dopejar_tracing.model.event import Status, comparable, exact_duration
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.model.report import Fault, Key, Slow
from dopejar_tracing.read.query.filters import Query
from dopejar_tracing.read.sums.durations import LONGEST, bounded
from dopejar_tracing.read.sums.nesting import Clock, Nesting
from dopejar_tracing.read.sums.summary import Summary, Tally

GROUPINGS = ("layer", "operation", "component", "status", "hour")
METADATA = ("duration_us", "error", "error_type", "error_at")
"""Keys of the metadata that are looked at."""
_FIELDS = {
    "layer": "hrm_layer", "operation": "operation", "component": "component", "status": "status",
    "hour": "timestamp",
}  # fmt: skip
_ALWAYS = frozenset({
    "trace_id", "parent_id", "timestamp", "hrm_layer", "operation", "input_summary", "duration_ms", "status",
    "metadata",
})  # fmt: skip
NOBODY: Key = ()
"""The group of what does not count."""
_HOUR = len("2026-01-13T14")
_zone = itemgetter(slice(len("2026-01-13T14:00:00.000000"), None))


class Summarizer:
    """Adds events to a summary.

    Args:
        by: what they are grouped by, of GROUPINGS.
        query: which of them count.
        layers: whose spellings are known: a group has the long one.
        slowest: how many of the slowest spans are kept.
        own_time: whether spans' own time is wanted.
        is_first: no part of the trace comes before.

    Attributes:
        summary: of what was added.
        fields: keys of a line that are looked at.
        is_brief: of the metadata, METADATA is enough.
    """

    def __init__(
        self,
        by: Sequence[str] = ("layer",),
        query: Query | None = None,
        *,
        layers: Layers | None = None,
        slowest: int = 10,
        own_time: bool = True,
        is_first: bool = True,
    ) -> None:
        self._query = query or Query()
        self._by = by
        self._layers = layers or Layers()
        self._test = self._query.test if self._query.filters else None
        self._nests = own_time
        self._clock = Clock()
        self._keys: dict[Any, Key] = {}
        self._raw_key = _key_of(by)
        self.fields = self._query.fields | set(map(_FIELDS.__getitem__, by)) | _ALWAYS
        self._fastest = -1 if slowest else sys.maxsize  # of those that are kept
        self.is_brief = "metadata" not in self._query.fields
        self.summary = Summary(slowest, nesting=Nesting(is_first))

    def add(self, events: Sequence[Any]) -> None:
        """Add events, or as much of them as is needed, in the order in which they were written."""
        counted = events if self._test is None else [event for event in events if self._test(event)]
        if self._nests:
            self._nest(events, counted)
        if not counted:
            return
        summary = self.summary
        summary.events += len(counted)
        times = _moments(counted)
        summary.first = min(filter(None, (summary.first, *times)), default="")
        summary.last = max(summary.last, *times)
        for key, part in self._parts(counted):
            self._tally(key, part)

    def _parts(self, events: Sequence[Any]) -> Iterable[tuple[Key, list[Any]]]:
        parts: dict[Any, list[Any]] = {}
        for raw, event in zip(map(self._raw_key, events), events, strict=True):
            part = parts.get(raw)
            if part is None:
                parts[raw] = [event]
            else:
                part.append(event)
        return ((self._key(raw), part) for raw, part in parts.items())

    def _key(self, raw: Any) -> Key:
        """The group's name; a layer has its long one, however the file has it."""
        key = self._keys.get(raw)
        if key is None:
            values = raw if isinstance(raw, tuple) else (raw,)
            key = self._keys[raw] = tuple(
                self._layers.resolve(value).name if name == "layer" else value
                for name, value in zip(self._by, values, strict=True)
            )
        return key

    def _tally(self, key: Key, part: list[Any]) -> None:
        tally = self._group(key)
        tally.events += len(part)
        statuses = list(map(attrgetter("status"), part))
        errors = statuses.count(Status.ERROR)
        tally.errors += errors
        tally.blocked += statuses.count(Status.BLOCKED)
        if errors:
            for event in part:
                if event.status == Status.ERROR:
                    self._fault(event)
        durations = _durations(part)
        tally.durations.add(durations)
        if durations and max(durations) >= self._fastest:
            self._remember(part)

    def _group(self, key: Key) -> Tally:
        groups = self.summary.groups
        tally = groups.get(key)
        if tally is None:
            tally = groups[key] = Tally()
        return tally

    def _remember(self, part: list[Any]) -> None:
        """Keep those that are among the slowest so far."""
        slowest = self.summary.slowest
        for event in part:
            duration = _duration(event)
            if duration is not None and duration >= self._fastest:
                layer = self._layers.resolve(event.hrm_layer).name
                slow = Slow(
                    duration, event.timestamp, event.trace_id, layer, event.operation, event.input_summary
                )
                if len(slowest) < self.summary.slowest_wanted:
                    heapq.heappush(slowest, slow)
                else:
                    heapq.heappushpop(slowest, slow)
                if len(slowest) == self.summary.slowest_wanted:
                    self._fastest = slowest[0].duration_us

    def _fault(self, event: Any) -> None:
        metadata = event.metadata
        kind = str(metadata.get("error_type") or "error")
        layer = self._layers.resolve(event.hrm_layer).name
        place = str(metadata.get("error_at") or f"{layer}.{event.operation}")
        time, message = comparable(event.timestamp), str(metadata.get("error") or "")
        fault = Fault(kind, place, 1, time, time, event.trace_id, message)
        faults = self.summary.faults
        faults[kind, place] = faults[kind, place] + fault if (kind, place) in faults else fault

    def _nest(self, events: Sequence[Any], counted: Sequence[Any]) -> None:
        """Find the own time of all, as children that do not count take from their parents' time too."""
        counts = None if counted is events else set(map(id, counted))
        clock, key_of, raw_key, add = self._clock, self._key, self._raw_key, self.summary.nesting.add
        owns: dict[Key, int] = {}
        for event in events:
            duration = _duration(event)
            if duration is None:
                continue
            start = clock(event.timestamp)
            key = key_of(raw_key(event)) if counts is None or id(event) in counts else NOBODY
            own = duration  # of what was at no known time, all
            if start is not None:
                own = add(event.trace_id, event.parent_id, key, start, duration)
            owns[key] = owns.get(key, 0) + own
        owns.pop(NOBODY, None)
        for key, own in owns.items():
            self._group(key).own_us += own


def _key_of(by: Sequence[str]) -> Callable[[Any], Any]:
    if "hour" not in by:
        return attrgetter(*map(_FIELDS.__getitem__, by))
    values = [_hour if name == "hour" else attrgetter(_FIELDS[name]) for name in by]
    return lambda event: tuple(value(event) for value in values)


def _hour(event: Any) -> str:
    return comparable(event.timestamp)[:_HOUR]


def _durations(events: list[Any]) -> list[int]:
    """Microseconds of those that are spans."""
    if type(events[0].metadata) is not dict:
        exact = list(map(attrgetter("metadata.duration_us"), events))
        if set(map(type, exact)) == {int}:  # as most are, and C is three times as quick
            return exact
    return [duration for duration in map(_duration, events) if duration is not None]


def _duration(event: Any) -> int | None:
    """Microseconds; None if it is no span."""
    duration = exact_duration(event.metadata, event.duration_ms)
    return duration if duration is None or 0 <= duration <= LONGEST else bounded(duration)


def _moments(events: Sequence[Any]) -> Iterable[str]:
    """Among the timestamps, comparable ones, are the first and the last."""
    times = list(map(attrgetter("timestamp"), events))
    if set(map(_zone, times)) == {"+00:00"}:  # as we write them; they compare as they are
        return min(times), max(times)
    return list(map(comparable, times))
