"""Plain structlog lines: ours, and the application's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
from helpers import Line, by_operation, read_lines, run_python

from dopejar_tracing import bind_trace, configure, get_logger, shutdown, trace_line

Lines = Callable[[], list[Line]]


@pytest.fixture(autouse=True)
def _own_structlog() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


class TestGetLogger:
    """get_logger()."""

    def test_in_a_span(self, lines: Lines) -> None:
        """A line is an event of the open span."""
        with bind_trace("reasoning", "route"):
            get_logger("planner").bind(steps=3).warning("plan %s ready", "A", kind="x")
        found = by_operation(lines())
        line = found["log"]
        assert line["parent_id"] == found["route"]["trace_id"]
        assert line["trace_id"].startswith("rsn_")
        assert line["input_summary"] == "plan A ready"
        assert line["component"] == "test_logger.py"
        assert line["duration_ms"] == 0
        assert line["metadata"] == {"steps": 3, "kind": "x", "logger": "planner", "level": "warn"}

    def test_outside(self, lines: Lines) -> None:
        """Outside a span it is a system event of its own."""
        get_logger().info("hello")
        (line,) = lines()
        assert (line["hrm_layer"], line["parent_id"], line["metadata"]) == ("system", None, {})

    @pytest.mark.parametrize(
        ("method", "status"),
        [("info", "success"), ("warning", "success"), ("error", "error"), ("critical", "error")],
    )
    def test_status(self, lines: Lines, method: str, status: str) -> None:
        """The status is error from level error up."""
        getattr(get_logger(), method)("x")
        assert lines()[0]["status"] == status

    def test_levels(self, lines: Lines) -> None:
        """A line below its level is dropped."""
        get_logger().debug("hidden")
        assert lines() == []

    def test_async_method(self, lines: Lines) -> None:
        """`await log.ainfo()` lands in the same span."""

        async def main() -> None:
            async with bind_trace("focus", "route"):
                await get_logger().ainfo("hello")

        asyncio.run(main())
        found = by_operation(lines())
        assert found["log"]["parent_id"] == found["route"]["trace_id"]
        assert found["log"]["component"] == "test_logger.py"

    def test_disabled(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """While tracing is off its lines go nowhere."""
        log = get_logger()
        configure(enabled=False)
        log.error("x")
        assert (capsys.readouterr(), list(tmp_path.iterdir())) == (("", ""), [])

    def test_made_before_configure(self, lines: Lines) -> None:
        """A logger that was made and used while tracing was off works once it is on."""
        configure(enabled=False)
        log = get_logger().bind(a=1)
        log.info("x")
        configure(enabled=True, console="never")
        log.info("y")
        assert [line["input_summary"] for line in lines()] == ["y"]


class TestApplicationsLoggers:
    """structlog.get_logger() of the application."""

    def test_led_into_the_chain(self, lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
        """Without a configuration of its own its lines are recorded, and still printed as before."""
        with bind_trace("altitude", "plan"):
            structlog.get_logger().info("plan ready", steps=3)
        found = by_operation(lines())
        assert found["log"]["parent_id"] == found["plan"]["trace_id"]
        assert found["log"]["metadata"] == {"steps": 3}
        assert "plan ready" in capsys.readouterr().out
        assert not structlog.is_configured()

    def test_bound_before_configure(self, tmp_path: Path) -> None:
        """A logger that was bound and used before tracing began is led as well."""
        log = structlog.get_logger().bind(a=1)
        log.info("before")
        configure(enabled=True, console="never")
        log.info("after")
        shutdown()
        log.info("late")
        assert [line["input_summary"] for line in read_lines(tmp_path / "trace.jsonl")] == ["after"]

    def test_configured_application_is_left_alone(self, lines: Lines) -> None:
        """An application that configured structlog keeps what it has."""
        configure(enabled=False)
        mine = [structlog.processors.KeyValueRenderer()]
        structlog.configure(processors=mine)
        configure(enabled=True, console="never")
        structlog.get_logger().info("x")
        assert structlog.get_config()["processors"] == mine
        assert lines() == []

    def test_trace_line_in_an_own_chain(self, lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
        """An application that configured structlog adds one processor; its own output stays the same."""
        renderer = structlog.processors.JSONRenderer(sort_keys=True)
        structlog.configure(processors=[trace_line, renderer], cache_logger_on_first_use=True)
        structlog.get_logger().info("x", a=1)
        assert capsys.readouterr().out == '{"a": 1, "event": "x"}\n'
        assert lines()[0]["metadata"] == {"a": 1}

    def test_configuring_later(self, lines: Lines) -> None:
        """An application may configure structlog after tracing began, also with configure_once."""
        structlog.configure_once(processors=[structlog.processors.KeyValueRenderer()])
        assert len(structlog.get_config()["processors"]) == 1

    def test_imported_later(self, tmp_path: Path) -> None:
        """Structlog may be imported after tracing began."""
        code = """
import dopejar_tracing, sys
dopejar_tracing.configure(enabled=True, console="never")
assert "structlog" not in sys.modules
import structlog
structlog.get_logger().info("hello")
assert structlog.__spec__.name == "structlog"
"""
        done = run_python(code, tmp_path, "-W", "error")
        assert (done.returncode, done.stderr) == (0, "")
        assert [line["input_summary"] for line in read_lines(tmp_path / "trace.jsonl")] == ["hello"]


class TestMessages:
    """Messages with values."""

    @pytest.mark.parametrize(
        ("message", "values", "text"),
        [
            ("%d of %s", (1, "all"), "1 of all"),
            ("%(a)s", ({"a": 1},), "1"),
            ("%d items", ("abc",), "%d items ('abc',)"),
            ("no values", (1,), "no values (1,)"),
            (7, (1,), "7 (1,)"),
        ],
    )
    @pytest.mark.parametrize("method", ["info", "error", "ainfo", "log"])
    def test_positional(self, lines: Lines, method: str, message: Any, values: Any, text: str) -> None:
        """They are filled in; what does not fit is shown as it is, and never raises."""
        log = get_logger()
        if method == "log":
            log.log(25, message, *values)
        elif method == "ainfo":
            asyncio.run(cast("Any", log.ainfo(message, *values)))
        else:
            getattr(log, method)(message, *values)
        (line,) = lines()
        assert line["input_summary"] == text

    def test_hostile(self, lines: Lines) -> None:
        """An object that raises costs the text, not the application."""

        class Hostile:
            def __str__(self) -> str:
                raise ValueError

        get_logger().info("for %s", Hostile())
        get_logger().exception("for %s", Hostile())
        assert [line["input_summary"][:6] for line in lines()] == ["for %s"] * 2
