"""Times and durations as people type them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from dopejar_tracing.errors import QueryError
from dopejar_tracing.read.query.moments import parse_duration, parse_moment

NOW = datetime(2026, 1, 13, 14, 30, tzinfo=UTC)


@pytest.fixture
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine stands in Berlin: UTC+1 in winter, UTC+2 in summer."""
    monkeypatch.setitem(os.environ, "TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class TestMoment:
    """`--since` and `--until`."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("now", "2026-01-13T14:30:00"),
            ("-10m", "2026-01-13T14:20:00"),
            ("10m ago", "2026-01-13T14:20:00"),
            ("-1h30m", "2026-01-13T13:00:00"),
            ("2 h ago", "2026-01-13T12:30:00"),
            ("-1.5s", "2026-01-13T14:29:58.500000"),
            ("-2d", "2026-01-11T14:30:00"),
            ("today", "2026-01-13T00:00:00"),
            ("Yesterday", "2026-01-12T00:00:00"),
            ("yesterday 9:30", "2026-01-12T09:30:00"),
            ("14:00", "2026-01-13T14:00:00"),
            ("9:05", "2026-01-13T09:05:00"),
            ("14:00:05.25", "2026-01-13T14:00:05.250000"),
            ("2026-01-10", "2026-01-10T00:00:00"),
            ("2026-01-10 08:00", "2026-01-10T08:00:00"),
            ("2026-01-10T08:00", "2026-01-10T08:00:00"),
            ("2026-01-10T08:00:00Z", "2026-01-10T08:00:00"),
            ("2026-01-10t08:00:00+02:00", "2026-01-10T06:00:00"),
        ],
    )
    def test_understood(self, text: str, expected: str) -> None:
        """What people write."""
        assert parse_moment(text, NOW, utc=True) == datetime.fromisoformat(expected).replace(tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        ["", "soon", "25:00", "14:60", "-", "-10", "-10x", "10m", "ago",
         "2026-13-01", "yesterday noon", "-99999999d",
         "0001-01-01T00:00+14:00", "\x00"],
    )  # fmt: skip
    def test_not_understood(self, text: str) -> None:
        """Anything else is named, with what is allowed."""
        with pytest.raises(QueryError, match="expected a moment such as -10m"):
            parse_moment(text, NOW, utc=True)

    @pytest.mark.usefixtures("_berlin")
    @pytest.mark.parametrize(
        ("text", "utc", "expected"),
        [
            ("14:00", False, "2026-01-13T13:00:00"),
            ("14:00", True, "2026-01-13T14:00:00"),
            ("2026-07-01", False, "2026-06-30T22:00:00"),
            ("yesterday", False, "2026-01-11T23:00:00"),
            ("2026-01-10T08:00Z", False, "2026-01-10T08:00:00"),
        ],
    )
    def test_zone(self, text: str, utc: bool, expected: str) -> None:
        """Without a zone, it is this machine's, with its summer time; or UTC."""
        assert parse_moment(text, NOW, utc=utc) == datetime.fromisoformat(expected).replace(tzinfo=UTC)

    @pytest.mark.usefixtures("_berlin")
    def test_day(self) -> None:
        """Today is today where the person is."""
        late = datetime(2026, 1, 13, 23, 30, tzinfo=UTC)
        assert parse_moment("today", late) == datetime(2026, 1, 13, 23, tzinfo=UTC)


class TestDuration:
    """`--longer-than`."""

    @pytest.mark.parametrize(
        ("text", "microseconds"),
        [
            ("24µs", 24), ("24μs", 24), ("24us", 24), ("5ms", 5_000), ("5 MS", 5_000), ("1.2s", 1_200_000),
            ("3m12s", 192_000_000), ("2h", 7_200_000_000), ("1d", 86_400_000_000), ("0s", 0), ("0.0004ms", 0),
        ],
    )  # fmt: skip
    def test_understood(self, text: str, microseconds: int) -> None:
        """As the console writes them, and a little more."""
        assert parse_duration(text) == microseconds

    @pytest.mark.parametrize("text", ["", "5", "ms", "-5ms", "5ms!", "1e3s", "5 parsecs", "٥ms"])
    def test_not_understood(self, text: str) -> None:
        """A number without a unit is none."""
        with pytest.raises(QueryError, match="expected a duration such as 500µs"):
            parse_duration(text)
