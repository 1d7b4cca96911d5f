"""The tables of time: who stands in them, and what must hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.case import Contender

FLOOR, OURS = "floor: orjson and one `os.write`", "dopejar_tracing"
ELIOT, BATCH, LOGFIRE = "eliot", "OpenTelemetry, in batches", "logfire, in batches"
CHAIN = "structlog's production chain"


class Limit(NamedTuple):
    """What must hold.

    Attributes:
        label: of a row.
        beside: of the row that it is compared with.
        most: times the other's.
        by_bytes: the other's is first multiplied by the ratio of the bytes that both write.
    """

    label: str
    beside: str
    most: float
    by_bytes: bool = False


class Table(NamedTuple):
    """One table: its contenders do their rounds in turn.

    Attributes:
        title: of what the figures are.
        rows: the first one is what the others are compared with, unless they say otherwise.
        limits: what must hold.
        times: spans, events or lines in a round, about.
        beside: what the rows are compared with, in a word.
        rate: whether to show how many there are in a second.
    """

    title: str
    rows: Sequence[Contender]
    limits: Sequence[Limit] = ()
    times: int = 6_000
    beside: str = "floor"
    rate: bool = False


SPANS = Table(
    "a span, of trees of three",
    [
        Contender(FLOOR, "floor.spans"),
        Contender(OURS, "ours.spans"),
        Contender(f"{OURS}, file and console", "ours.shown"),
        Contender(ELIOT, "eliot.spans", package="eliot"),
        Contender(f"{CHAIN}, no spans", "structlog_chain.spans"),
        Contender("the seed's tracer", "seed.spans"),
        Contender("loguru, no spans", "loguru.spans", package="loguru"),
        Contender(BATCH, "opentelemetry.spans", {"batch": True}, "opentelemetry-sdk"),
        Contender("OpenTelemetry, one by one", "opentelemetry.spans", {"batch": False}, "opentelemetry-sdk"),
        Contender(LOGFIRE, "logfire.spans", package="logfire"),
    ],
    [Limit(OURS, FLOOR, 6.0), Limit(OURS, ELIOT, 0.6), Limit(OURS, BATCH, 0.2), Limit(OURS, LOGFIRE, 0.05)],
)

EVENTS = Table(
    "an event",
    [
        Contender(FLOOR, "floor.single", {"what": "event"}),
        Contender(f"{OURS}, event", "ours.event"),
        Contender(ELIOT, "eliot.event", package="eliot"),
        Contender("the seed's tracer", "seed.event"),
        Contender(LOGFIRE, "logfire.event", package="logfire"),
    ],
    [Limit(f"{OURS}, event", FLOOR, 5.0)],
)

LINES = Table(
    "a plain line",
    [
        Contender(FLOOR, "floor.single", {"what": "log"}),
        Contender(f"{OURS}, `get_logger()`", "ours.line"),
        Contender(CHAIN, "structlog_chain.line"),
        Contender(f"the same, led into {OURS}: two files", "ours_ways.line_led_in"),
        Contender("`logging`, JSON", "stdlib.line"),
        Contender("loguru", "loguru.line", package="loguru"),
    ],
    [Limit(f"{OURS}, `get_logger()`", CHAIN, 0.6)],
)

_OFF: dict[str, Any] = {"recorded": False, "enabled": False}
_BELOW: dict[str, Any] = {"recorded": False, "level": "error"}
UNRECORDED = Table(
    "what is not recorded",
    [
        Contender(FLOOR, "floor.single", {"what": "transition"}),
        Contender("span, recorded", "ours.span"),
        Contender("span, disabled", "ours.span", _OFF),
        Contender("event, disabled", "ours.event", _OFF),
        Contender("plain line, disabled", "ours.line", _OFF),
        Contender("span below its level", "ours.span", _BELOW),
        Contender("event below its level", "ours.event", _BELOW),
    ],
    [
        Limit("span, disabled", FLOOR, 0.3),
        Limit("event, disabled", FLOOR, 0.15),
        Limit("span below its level", FLOOR, 0.6),
    ],
    times=20_000,
)

WAYS = Table(
    "ways to write it",
    [
        Contender("`with bind_trace(…)`", "ours_ways.block"),
        Contender("`@bind_trace(…)`", "ours_ways.decorated"),
        Contender("`with altitude.transition(…)`", "ours_ways.point"),
        Contender("`@altitude.transition.traced(…)`", "ours_ways.point_around"),
        Contender("`altitude.transition.event(…)`", "ours_ways.point_event"),
    ],
    beside="`with`",
)

MASKING = Table(
    "a span, of trees of three",
    [
        Contender("`redact: false`", "ours.spans", {"redact": False}),
        Contender("`redact: true`, the default", "ours.spans"),
    ],
    beside="false",
)


def _pairs(what: str, function: str, options: dict[str, Any]) -> list[Contender]:
    """The floor, and ours beside it."""
    return [
        Contender(f"{what}, floor", f"floor.{function}", options),
        Contender(f"{what}, {OURS}", f"ours_ways.{function}", options, beside=f"{what}, floor"),
    ]


KEYS = Table(
    "a span with metadata",
    [row for count in (0, 5, 50) for row in _pairs(f"{count} keys", "keys", {"count": count})],
    [Limit(f"50 keys, {OURS}", f"0 keys, {OURS}", 1.0, by_bytes=True)],
    beside="its floor",
)

DEPTH = Table(
    "a span of those inside each other",
    [row for depth in (1, 10, 100) for row in _pairs(f"{depth} deep", "nested", {"depth": depth})],
    [Limit(f"100 deep, {OURS}", f"1 deep, {OURS}", 1.1, by_bytes=True)],
    beside="its floor",
)


def _at_once(what: str, *, threads: int = 0, processes: int = 1) -> list[Contender]:
    floor = Contender(f"{what}, floor", "floor.spans", threads=threads, processes=processes)
    ours = Contender(
        f"{what}, {OURS}", "ours.spans", threads=threads, processes=processes, beside=floor.label
    )
    return [floor, ours]


AT_ONCE = Table(
    "a span, of many writers at once",
    [
        *_at_once("1 thread", threads=1),
        *_at_once("2 threads", threads=2),
        *_at_once("8 threads", threads=8),
        *_pairs("1,000 tasks", "tasks", {"count": 1_000}),
        *_at_once("4 processes", processes=4),
    ],
    [Limit(f"8 threads, {OURS}", f"1 thread, {OURS}", 1.0)],
    times=12_000,
    beside="its floor",
    rate=True,
)

TABLES = {
    "spans": SPANS,
    "events": EVENTS,
    "lines": LINES,
    "unrecorded": UNRECORDED,
    "ways": WAYS,
    "masking": MASKING,
    "keys": KEYS,
    "depth": DEPTH,
    "at-once": AT_ONCE,
}
"""By the names that `python -m benchmarks` takes."""
