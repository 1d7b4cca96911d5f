"""Each processor in a plain structlog application, and all of them in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from helpers import KEYS

from dopejar_tracing.emit.context import open_span
from dopejar_tracing.model.event import Level
from dopejar_tracing.model.ids import Mint
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.processors import (
    AddIds,
    AddTimes,
    AdoptLine,
    CutSummaries,
    FilterByLevel,
    Fork,
    default_chain,
    shape_line,
)
from dopejar_tracing.settings import Settings

BEGAN_NS = 1_705_180_800_123_456_789


class Enclosing:
    """An open span."""

    trace_id = "alt_1705180800_a3f2"
    parent_id = None
    layer = "altitude"


class Taken(list[dict[str, Any]]):
    """A sink that keeps what it is given."""

    def __call__(self, line: dict[str, Any]) -> None:
        self.append(line)


@pytest.fixture(autouse=True)
def _own_structlog() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def log_through(*processors: Any, method: str = "info", **values: Any) -> dict[str, Any]:
    """What an application's logger makes of `log.info("plan ready", **values)` with these processors."""
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer()],
        logger_factory=structlog.testing.CapturingLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    logger = structlog.get_logger()
    getattr(logger, method)("plan ready", **values)
    calls = structlog.get_config()["logger_factory"].logger.calls
    result: dict[str, Any] = json.loads(calls[0].args[0]) if calls else {}
    return result


class TestAddIds:
    """IDs and parents."""

    def test_in_an_application(self) -> None:
        """A plain application's line gets an ID, and the open span as its parent."""
        made = log_through(AddIds(Enclosing, Mint(), Layers()), AddTimes(), steps=3)
        assert made["trace_id"].startswith("alt_")
        assert made["parent_id"] == Enclosing.trace_id
        assert (made["event"], made["steps"]) == ("plan ready", 3)

    def test_outside_a_span(self) -> None:
        """Outside any span there is no parent, and the layer is system."""
        made = log_through(AddIds(open_span, Mint(), Layers()))
        assert made["parent_id"] is None
        assert made["trace_id"].startswith("sys_")

    def test_what_has_an_id_keeps_it(self) -> None:
        """A span got its ID when it began."""
        event = {"trace_id": "mem_1_aaaa", "parent_id": None}
        assert AddIds(Enclosing, Mint(), Layers())(None, "span", dict(event)) == event

    def test_declared_prefix(self) -> None:
        """An application's own layer has the prefix that it declared."""
        add = AddIds(open_span, Mint(), Layers({"tools": "tol"}), clock=lambda: BEGAN_NS)
        assert add(None, "event", {"hrm_layer": "tools"})["trace_id"].startswith("tol_1705180800_")


class TestAddTimes:
    """Timestamps and durations."""

    def test_in_an_application(self) -> None:
        """A plain application's line gets a timestamp and no duration."""
        made = log_through(AddTimes(clock=lambda: BEGAN_NS))
        assert (made["timestamp"], made["duration_ms"]) == ("2024-01-13T21:20:00.123456+00:00", 0)
        assert "duration_us" not in made

    @pytest.mark.parametrize(
        ("nanoseconds", "ms", "us"), [(0, 0, 0), (999, 0, 0), (1_999_999, 1, 1_999), (5_000_000_000, 5_000, 5_000_000)]
    )
    def test_duration(self, nanoseconds: int, ms: int, us: int) -> None:
        """Whole milliseconds and microseconds, cut."""
        made = AddTimes()(None, "span", {"timestamp": BEGAN_NS, "duration_ns": nanoseconds})
        assert (made["duration_ms"], made["duration_us"]) == (ms, us)

    @pytest.mark.parametrize("began_ns", [0, 1, 999_999_999, 1_000_000_000, -1, 253_402_300_799_999_999_999])
    def test_seconds(self, began_ns: int) -> None:
        """Every second has its own text, whichever came before."""
        from datetime import UTC, datetime, timedelta

        times = AddTimes()
        times(None, "event", {"timestamp": BEGAN_NS})
        made = times(None, "event", {"timestamp": began_ns})["timestamp"]
        expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=began_ns // 1000)
        assert datetime.fromisoformat(made) == expected


class TestCutSummaries:
    """Summaries."""

    def test_in_an_application(self) -> None:
        """A plain application's summaries are cut; what is no text becomes one."""
        made = log_through(CutSummaries(10), input_summary="x" * 50, output_summary=[1, 2])
        assert (made["input_summary"], made["output_summary"]) == ("x" * 9 + "…", "[1, 2]")


class TestAdoptLine:
    """Plain lines."""

    def test_in_an_application(self) -> None:
        """A plain application's line takes the form of an event of the open span."""
        made = log_through(AdoptLine(Enclosing), shape_line, method="warning", steps=3, status="mine")
        assert list(made) == KEYS
        assert (made["hrm_layer"], made["operation"]) == ("altitude", "log")
        assert made["input_summary"] == "plan ready"
        assert made["component"] == "test_chain.py"
        assert made["status"] == "success"
        assert made["metadata"] == {"steps": 3, "status": "mine", "level": "warn"}

    def test_exception(self) -> None:
        """`log.exception` leaves status error with type, message and place."""
        try:
            raise OSError("disk full")
        except OSError:
            made = log_through(AdoptLine(open_span), shape_line, method="exception")
        assert (made["status"], made["hrm_layer"]) == ("error", "system")
        assert made["metadata"]["error"] == "disk full"
        assert made["metadata"]["error_at"].startswith("test_chain.py:")

    @pytest.mark.parametrize("kind", ["instance", "tuple", "none", "strange"])
    def test_exc_info(self, kind: str) -> None:
        """All of structlog's forms of exc_info are understood; any other value breaks nothing."""
        error = ValueError("x")
        given = {"instance": error, "tuple": (ValueError, error, None), "none": (None, None, None)}
        made = AdoptLine(open_span)(None, "error", {"event": "e", "exc_info": given.get(kind, "strange")})
        assert made.get("error_type") == ("ValueError" if kind in {"instance", "tuple"} else None)


class TestFilterByLevel:
    """Levels."""

    def test_in_an_application(self) -> None:
        """A plain application's line below the level is dropped."""
        filter_ = FilterByLevel(Settings(levels={"altitude.log": "warn"}))
        assert log_through(AdoptLine(Enclosing), filter_, shape_line, method="info") == {}
        assert log_through(AdoptLine(Enclosing), filter_, shape_line, method="warning") != {}


class TestShapeLine:
    """The shape."""

    def test_in_an_application(self) -> None:
        """Whatever an application logs has the eleven keys afterwards, the rest being metadata."""
        made = log_through(shape_line, a=1, metadata={"b": 2})
        assert list(made) == KEYS
        assert made["metadata"] == {"b": 2, "event": "plan ready", "a": 1}

    def test_level(self) -> None:
        """The level is metadata when it is not info."""
        assert shape_line(None, "event", {"level": Level.INFO})["metadata"] == {}
        assert shape_line(None, "event", {"level": Level.DEBUG})["metadata"] == {"level": "debug"}

    def test_callers_keys_first(self) -> None:
        """Reserved keys stand behind the caller's; a caller's value of the same name steps aside."""
        made = shape_line(None, "event", {"error": "ours", "metadata": {"error": "theirs", "z": 1, "error_": 2}})
        assert list(made["metadata"].items()) == [("z", 1), ("error_", 2), ("error__", "theirs"), ("error", "ours")]


class TestFork:
    """The fork."""

    def test_in_an_application(self) -> None:
        """Each sink gets the line, and the application's chain goes on with it."""
        first, second = Taken(), Taken()
        made = log_through(shape_line, Fork([first, second]), a=1)
        assert first == second == [made]


class TestDefaultChain:
    """All of them."""

    def test_again(self) -> None:
        """What a signal handler interrupted is done again, by each of them with the same outcome."""
        event: dict[str, Any] = {
            "trace_id": "alt_1_aaaa", "parent_id": None, "timestamp": BEGAN_NS, "duration_ns": 5_000_000,
            "level": Level.WARN, "status": "error", "error": "ours", "metadata": {"error": "theirs"},
        }  # fmt: skip
        chain = default_chain(Settings(), current=Enclosing, mint=Mint(), redactor=None, sinks=[])
        for processor in chain:
            once: Any = processor(None, "<span>", event)
            assert processor(None, "<span>", event) == once
            event = once
        assert (event["duration_ms"], event["trace_id"]) == (5, "alt_1_aaaa")
        assert event["metadata"] == {"error_": "theirs", "duration_us": 5_000, "level": "warn", "error": "ours"}

    def test_whole(self) -> None:
        """The default list makes a line of the contract out of an application's log call."""
        sink = Taken()
        chain = default_chain(Settings(), current=Enclosing, mint=Mint(), redactor=None, sinks=[sink])
        log_through(*chain, method="error", reason="r")
        (line,) = sink
        assert list(line) == KEYS
        assert line["parent_id"] == Enclosing.trace_id
        assert line["status"] == "error"
        assert line["metadata"] == {"reason": "r", "level": "error"}
