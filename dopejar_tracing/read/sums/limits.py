"""`--fail-if`: limits that a trace must keep, as a person writes them.

    [GROUP:] METRIC > VALUE

METRIC: events, errors, blocked, p50, p95, p99, max, mean, total, self. VALUE: a number; a duration (`50ms`);
a share of the events (`1%`, of errors and blocked); with `--compare`, a change (`+20%`, `-5%`, `+3ms`, `+2`).
`<`, `>=` and `<=` are understood as well. Without GROUP, each group must keep it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

import msgspec

from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.suggest import suggestion
from dopejar_tracing.model.values import cut
from dopejar_tracing.read.query.moments import parse_duration
from dopejar_tracing.read.sums.summary import Tally

_LIMIT = re.compile(
    r"(?:(?P<group>[^<>]*?)\s*:\s*)?(?P<metric>\w+)\s*(?P<sign>>=|<=|>|<)\s*(?P<value>[+-]?.+)"
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip
COUNTS = ("events", "errors", "blocked")
"""What is a number; all else is a time."""
METRICS = (*COUNTS, "p50", "p95", "p99", "max", "mean", "total", "self")
"""What can be limited; the later ones in microseconds."""


def metric(tally: Tally, name: str) -> int | None:
    """A figure of a group; None if it has none."""
    durations = tally.durations
    match name:
        case "events" | "errors" | "blocked":
            return int(getattr(tally, name))
        case "max":
            return durations.longest if durations.count else None
        case "mean":
            return durations.mean
        case "total":
            return durations.total
        case "self":
            return tally.own_us
    return durations.percentile(int(name[1:]) / 100)


class Limit(msgspec.Struct, frozen=True):
    """One limit.

    Attributes:
        text: as it was written.
        group: name of the group that must keep it; None: each.
        metric: what is limited.
        sign: how it is compared; where that holds, the limit is broken.
        value: with what: a number, microseconds, or percent.
        unit: `%` if the value is a share, or a change, in percent.
        is_change: it is compared with what was before.
    """

    text: str
    group: str | None
    metric: str
    sign: str
    value: float
    unit: str
    is_change: bool

    def is_broken(self, after: Tally, before: Tally | None = None) -> bool:
        """Whether a group breaks it.

        Args:
            after: its events.
            before: those that they are compared with. What cannot be compared, as there was nothing, is kept.
        """
        found = self.change(after, before) if self.is_change else metric(after, self.metric)
        if found is None:
            return False
        if self.unit == "%" and not self.is_change:
            found = 100 * found / after.events if after.events else 0
        return _SIGNS[self.sign](found, self.value)

    def change(self, after: Tally, before: Tally | None) -> float | None:
        """By how much it changed, in the limit's unit; None if there was nothing."""
        now = metric(after, self.metric)
        old = None if before is None or not before.events else metric(before, self.metric)
        if now is None or old is None:
            return None
        if self.unit != "%":
            return now - old
        return 100 * (now - old) / old if old else (float("inf") if now else 0.0)


def parse_limit(text: str, *, comparing: bool) -> Limit:
    """Read a limit.

    Args:
        text: as a person wrote it.
        comparing: whether there is something that changes can be counted from.

    Raises:
        QueryError: it is none; says what is allowed.
    """
    match = _LIMIT.fullmatch(text.strip())
    if match is None:
        examples = "'errors > 0', 'altitude: p95 > 50ms' or 'p95 > +20%'"
        msg = f"expected a limit such as {examples}; got {cut(repr(text), 60)}"
        raise QueryError(msg)
    name = {"avg": "mean", "count": "events"}.get(match["metric"], match["metric"])
    if name not in METRICS:
        msg = f"expected one of {', '.join(METRICS)}; got {name!r}{suggestion(name, METRICS)}"
        raise QueryError(msg)
    value, is_change = match["value"].strip(), match["value"][0] in "+-"
    if is_change and not comparing:
        msg = f"a change such as {value} needs --compare"
        raise QueryError(msg)
    number, unit = _value(value, name, is_change=is_change)
    return Limit(text.strip(), match["group"] or None, name, match["sign"], number, unit, is_change)


def _value(text: str, name: str, *, is_change: bool) -> tuple[float, str]:
    digits, is_percent = text.removesuffix("%").strip(), text.endswith("%")
    number, sign = (digits[1:].lstrip(), -1 if digits.startswith("-") else 1) if is_change else (digits, 1)
    if is_percent and not is_change and name not in {"errors", "blocked"}:
        msg = f"only errors and blocked have a share; a change is written +{text}"
        raise QueryError(msg)
    if not is_percent and name not in COUNTS:
        return parse_duration(number) * sign, ""
    if not _NUMBER.fullmatch(number):
        msg = f"expected a number; got {cut(repr(text), 60)}"
        raise QueryError(msg)
    return float(number) * sign, "%" if is_percent else ""
