"""An event as labelled lines: all eleven keys, and every value of its metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from dopejar_tracing.cli.browse.trace import Trace
from dopejar_tracing.model.event import KEYS, TraceEvent
from dopejar_tracing.read.index.links import NONE
from dopejar_tracing.show.line import Line, wrapped
from dopejar_tracing.show.text import visible

Field = tuple[str, Line]
"""(label, what it says); a line without a label goes on with the one before."""
_LABELS = max(map(len, KEYS)) + 2
"""Columns of the labels."""
_STEP = "  "
_NARROW = 12
"""Columns that a value needs beside its label; with less, it stands below."""


def fields_of(trace: Trace, node: int) -> list[Field]:
    """All that is known of what is chosen, or of nothing."""
    if node == NONE:
        return []
    event = trace.event(node)
    if event is not None:
        return event_fields(event)
    if node in trace.index.absent:
        return _absent_fields(trace.trace_id(node))
    return _unreadable_fields(trace.line(node))


def event_fields(event: TraceEvent) -> list[Field]:
    """All that the line of an event says, in its order."""
    fields: list[Field] = []
    for key in KEYS[:-1]:
        value = getattr(event, key)
        fields.append((key, [(_scalar(value), _role(key, value))]))
        if key == "timestamp":
            fields.append(("local time", [(_local(value), "")]))
    lines = list(_nested(event.metadata, "")) if event.metadata else [[("none", "note")]]
    fields.append(("metadata", [] if event.metadata else lines.pop()))
    fields += [("", [(_STEP, ""), *line]) for line in lines]
    return fields


def _absent_fields(trace_id: str) -> list[Field]:
    """What is known of a parent that has no line."""
    return [
        ("trace_id", [(visible(trace_id), "")]),
        (
            "",
            [("No line has this ID: the span is open, or its line was lost, or is elsewhere.", "note")],
        ),
    ]


def _unreadable_fields(line: bytes) -> list[Field]:
    """A line that looked like one of ours at first sight."""
    return [
        ("", [("This line cannot be read as an event:", "note")]),
        ("", [(visible(line.decode(errors="replace")), "")]),
    ]


def laid_out(fields: list[Field], width: int) -> list[Line]:
    """The fields in lines of at most so many columns."""
    lines: list[Line] = []
    for label, value in fields:
        room = width - _LABELS if label else width
        if room < _NARROW and label:
            lines += [[(label, "note")], *wrapped(value, max(1, width))]
            continue
        first, *others = wrapped(value, max(1, room))
        lines.append([(label.ljust(_LABELS), "note"), *first] if label else first)
        lines += [[(" " * (width - room), ""), *line] for line in others]
    return lines


def _role(key: str, value: object) -> str:
    if key == "hrm_layer":
        return str(value)
    return str(value) if key == "status" and value in {"error", "blocked"} else ""


def _local(timestamp: str) -> str:
    """The time in this machine's zone."""
    try:
        moment = datetime.fromisoformat(timestamp)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f %Z")
    except (ValueError, OverflowError):
        return "?"


def _nested(value: object, indent: str) -> Iterator[Line]:
    """A mapping or list, a line for each value; iterative, as it may be nested deeper than Python's stack."""
    pending = [_items(value, indent)]
    while pending:
        item = next(pending[-1], None)
        if item is None:
            pending.pop()
            continue
        lead, inner, deeper = item
        if isinstance(inner, dict | list) and inner:
            yield [(lead.rstrip(), "note")]
            pending.append(_items(inner, deeper))
        else:
            yield from _written(lead, inner, deeper)


def _items(value: object, indent: str) -> Iterator[tuple[str, object, str]]:
    """(what stands before a value, the value, indent of what is in it)."""
    deeper = indent + _STEP
    if isinstance(value, dict):
        return ((f"{indent}{visible(str(key))}: ", inner, deeper) for key, inner in value.items())
    return ((f"{indent}- ", inner, deeper) for inner in (value if isinstance(value, list) else ()))


def _written(lead: str, value: object, deeper: str) -> Iterator[Line]:
    """A single value; a text of several lines stands below its key, as it was written."""
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        yield [(lead.rstrip(), "note")]
        for line in value.rstrip("\n").split("\n"):
            yield [(deeper, ""), (visible(line.expandtabs(4)), "")]
    else:
        yield [(lead, "note"), (_scalar(value), "")]


def _scalar(value: object) -> str:
    """A text as it is, unless it would be taken for something else; that, as JSON."""
    if isinstance(value, str):
        value = visible(value)
        return value if not _is_json(value) else json.dumps(value, ensure_ascii=False)
    return visible(json.dumps(value, ensure_ascii=False))


def _is_json(text: str) -> bool:
    """Whether a text reads as a number, true, false, null, or is nothing that can be seen."""
    if not text or text != text.strip():
        return True
    try:
        return not isinstance(msgspec.json.decode(text), dict | list)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
