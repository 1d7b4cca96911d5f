"""The record of eleven fields (contract §3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from dopejar_tracing.model.event import KEYS, LEVELS, STATUS_LEVELS, Level, Status, TraceEvent

LINE = (
    '{"trace_id":"mem_1705180802_c8d2","parent_id":"foc_1705180801_b7c1","timestamp":"2026-01-13T14:00:02",'
    '"hrm_layer":"memory","operation":"write","component":"manager.py","input_summary":"altitude.session",'
    '"output_summary":"written","duration_ms":3,"status":"success","metadata":{"tokens_saved":45,"tier":"warm"}}'
)
EVENT = TraceEvent(**json.loads(LINE))


class TestTraceEvent:
    """One line as data."""

    def test_keys(self) -> None:
        """The fields are the keys of the seed's line, in its order."""
        assert list(KEYS) == list(json.loads(LINE))

    def test_seed_line(self) -> None:
        """The seed's own line can be read, by `TraceEvent(**json.loads(line))` and by msgspec."""
        assert msgspec.json.decode(LINE, type=TraceEvent) == EVENT
        assert EVENT.metadata == {"tokens_saved": 45, "tier": "warm"}
        assert msgspec.json.encode(EVENT).decode() == LINE

    def test_frozen(self) -> None:
        """What has happened cannot be changed."""
        with pytest.raises(AttributeError):
            EVENT.status = "error"  # type: ignore[misc]

    def test_began(self) -> None:
        """The timestamp is ISO 8601, to the microsecond and in UTC."""
        event = msgspec.structs.replace(EVENT, timestamp="2026-01-13T14:00:02.000042+00:00")
        assert event.began == datetime(2026, 1, 13, 14, 0, 2, 42, tzinfo=UTC)

    def test_began_in_vain(self) -> None:
        """A timestamp that is none is a ValueError, when it is asked for."""
        with pytest.raises(ValueError, match="yesterday"):
            _ = msgspec.structs.replace(EVENT, timestamp="yesterday").began

    @pytest.mark.parametrize(
        ("duration_ms", "metadata", "duration_us"),
        [
            (3, {"duration_us": 3_141}, 3_141),
            (0, {"duration_us": 24}, 24),
            (0, {"duration_us": 0}, 0),
            (3, {}, 3_000),
            (3, {"duration_us": "long"}, 3_000),
            (0, {}, None),
        ],
    )
    def test_duration(self, duration_ms: int, metadata: dict[str, Any], duration_us: int | None) -> None:
        """A span's exact time is in its metadata, else its milliseconds count; an event has none."""
        event = msgspec.structs.replace(EVENT, duration_ms=duration_ms, metadata=metadata)
        assert event.duration_us == duration_us


class TestStatus:
    """How an operation ended."""

    def test_values(self) -> None:
        """The three of the seed."""
        assert [*Status] == ["success", "error", "blocked"]


class TestLevel:
    """How much an event matters."""

    def test_names(self) -> None:
        """The names of the settings, in rising order."""
        assert [*LEVELS] == ["debug", "info", "warn", "error"]
        assert [*LEVELS.values()] == sorted(Level) == [10, 20, 30, 40]

    def test_of_status(self) -> None:
        """Blocked counts as warn and error as error (contract §5); success raises no level."""
        assert STATUS_LEVELS == {"blocked": Level.WARN, "error": Level.ERROR}
