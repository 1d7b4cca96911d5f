"""Times and durations as people type them at a command."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.values import cut

_UNITS = {
    "us": 1, "µs": 1, "μs": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "min": 60_000_000,
    "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000,
}  # fmt: skip
"""Microseconds of each unit; both letters that stand for micro."""
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*([a-zµμ]+)\s*", re.ASCII)
_DAYS = {"today": 0, "yesterday": -1}

DURATION = "a duration such as 500µs, 5ms, 1.5s, 3m12s, 2h or 1d"
MOMENT = (
    "a moment such as -10m, '2h ago', yesterday, 14:00, 'yesterday 9:30', 2026-01-13 or 2026-01-13T14:00:00Z"
)


def parse_duration(text: str) -> int:
    """Microseconds of `5ms`, `1.2s`, `3m12s`.

    Raises:
        QueryError: it is none.
    """
    microseconds = _microseconds(text.strip().lower())
    if microseconds is None:
        raise _unlike(DURATION, text)
    return microseconds


def parse_moment(text: str, now: datetime, *, utc: bool = False) -> datetime:
    """The moment that is meant, in UTC.

    Args:
        text: ISO 8601, a time of today, a day with or without a time, or how long ago.
        now: aware.
        utc: what names no time zone is in UTC, not in this machine's.

    Raises:
        QueryError: it is none.
    """
    try:
        found = _Zone(now, utc=utc).read(text.strip().lower())
        if found is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):  # 25:00; a year beyond 9999
        pass
    raise _unlike(MOMENT, text)


class _Zone:
    """What a time without a zone means."""

    def __init__(self, now: datetime, *, utc: bool) -> None:
        self._utc = utc
        self._now = now.astimezone(UTC if utc else None)

    def read(self, text: str) -> datetime | None:
        """The moment, aware; ValueError or None if it is none."""
        if text == "now":
            return self._now
        if text.startswith("-") or text.endswith(" ago"):
            microseconds = _microseconds(text.removeprefix("-").removesuffix("ago").strip())
            return None if microseconds is None else self._now - timedelta(microseconds=microseconds)
        day, _, hours = text.partition(" ")
        today = self._now.date()
        if day in _DAYS:
            return self._at(today + timedelta(days=_DAYS[day]), _clock(hours) if hours else time())
        if "-" not in text and ":" in text[:3]:
            return self._at(today, _clock(text))
        moment = datetime.fromisoformat(text.upper())
        return moment if moment.tzinfo else self._at(moment.date(), moment.time())

    def _at(self, day: date, clock: time) -> datetime:
        moment = datetime.combine(day, clock)
        return moment.replace(tzinfo=UTC) if self._utc and moment.tzinfo is None else moment.astimezone()


def _clock(text: str) -> time:
    """`9:30`, `14:00`, `14:00:05.25`."""
    return time.fromisoformat(text if text.find(":") > 1 else f"0{text}")


def _microseconds(text: str) -> int | None:
    total, at = 0.0, 0
    while match := _PART.match(text, at):
        unit = _UNITS.get(match[2])
        if unit is None:
            return None
        total += float(match[1]) * unit
        at = match.end()
    return round(total) if at and at == len(text) else None


def _unlike(expected: str, text: str) -> QueryError:
    return QueryError(f"expected {expected}; got {cut(repr(text), 60)}")
