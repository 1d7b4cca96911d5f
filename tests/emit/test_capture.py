"""capture_logging: records of the standard logging module."""

from __future__ import annotations

import io
import logging
import logging.config
import os
import queue
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from typing import Any

import pytest
import structlog
from helpers import Line, by_operation, read_lines, run_python

from dopejar_tracing import bind_trace, configure, shutdown, trace_line

Lines = Callable[[], list[Line]]
switch_on = partial(configure, enabled=True, console="never", capture_logging=True)
original = logging.Logger.callHandlers


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A library's logger; one that pytest does not find, whose handler would look at what is logged."""
    structlog.reset_defaults()
    yield logging.Logger("library", logging.DEBUG)
    structlog.reset_defaults()


@pytest.fixture
def captured(tmp_path: Path, log: logging.Logger) -> Iterator[Lines]:
    """Tracing with the switch on; reads what is there so far."""
    switch_on()
    yield lambda: read_lines(tmp_path / "trace.jsonl")
    shutdown()


class Talks:
    """Logs when it is looked at."""

    def __init__(self, log: logging.Logger) -> None:
        self.log = log

    def __str__(self) -> str:
        self.log.info("inside", extra={"me": self})
        if isinstance(self, Endless):
            self.log.info("%s", self, extra={"me": self})
        return "talks"


class Endless(Talks):
    """Logs itself when it is looked at."""


class Broken:
    """Has no text."""

    def __str__(self) -> str:
        raise ValueError


class TestRecord:
    """What becomes of a record."""

    def test_in_a_span(self, captured: Lines, log: logging.Logger) -> None:
        """A record is a line under the open span, with level, logger, extra and the file that logged."""
        with bind_trace("reasoning", "route"):
            log.warning("plan %s ready", "A", extra={"steps": 3})
        found = by_operation(captured())
        line = found["log"]
        assert line["parent_id"] == found["route"]["trace_id"]
        assert line["hrm_layer"] == "reasoning_hrm" or line["trace_id"].startswith("rsn_")
        assert (line["component"], line["input_summary"]) == ("test_capture.py", "plan A ready")
        assert line["metadata"] == {"steps": 3, "logger": "library", "level": "warn"}

    @pytest.mark.parametrize(
        ("level", "status", "shown"),
        [(20, "success", None), (25, "success", None), (30, "success", "warn"), (50, "error", "error")],
    )
    def test_levels(
        self, captured: Lines, log: logging.Logger, level: int, status: str, shown: str | None
    ) -> None:
        """Its number gives level and status."""
        log.log(level, "x")
        (line,) = captured()
        assert (line["status"], line["metadata"].get("level")) == (status, shown)

    def test_below_its_level(self, captured: Lines, log: logging.Logger) -> None:
        """What is below the tracing's level, or the logger's, leaves no line."""
        log.debug("x")
        log.setLevel("ERROR")
        log.info("x")
        assert captured() == []

    def test_exception(self, captured: Lines, log: logging.Logger) -> None:
        """`logger.exception` says which, and where; `stack_info` is kept."""
        try:
            raise LookupError("lost")
        except LookupError:
            log.exception("oops", stack_info=True)
        (line,) = captured()
        metadata = line["metadata"]
        assert (metadata["error"], metadata["error_type"]) == ("lost", "LookupError")
        assert metadata["error_at"].startswith("test_capture.py:")
        assert "test_exception" in metadata["stack_info"]

    @pytest.mark.parametrize(
        ("message", "values", "expected"),
        [
            ("%(a)s", ({"a": 1},), "1"),
            ("100%", (), "100%"),
            ("%d of %s", ("x", 2), "%d of %s x 2"),
            ("%s %s", (1,), "%s %s 1"),
            ("%(b)s", ({"a": 1},), "%(b)s a=1"),
            ("%s", (Broken(),), "%s <Broken: ValueError in __str__>"),
            (Broken(), (), "<Broken: ValueError in __str__>"),
        ],
    )
    def test_message(
        self, captured: Lines, log: logging.Logger, message: Any, values: tuple[Any, ...], expected: str
    ) -> None:
        """Values that do not fit the message cost only themselves."""
        log.info(message, *values)
        assert captured()[0]["input_summary"].rstrip() == expected

    def test_extra(self, captured: Lines, log: logging.Logger) -> None:
        """Anything may be an extra, under any name, also through a LoggerAdapter."""
        extra = {"event": 1, "component": 2, "logger": 3, "positional_args": 4, "lock": threading.Lock()}
        logging.LoggerAdapter(log, extra).info("x %s")
        (line,) = captured()
        assert (line["input_summary"], line["component"]) == ("x %s", "test_capture.py")
        metadata = line["metadata"]
        assert [metadata[f"extra_{name}"] for name in list(extra)[:4]] == [1, 2, 3, 4]
        assert "lock" in metadata["lock"]

    def test_what_a_handler_adds(self, captured: Lines, log: logging.Logger) -> None:
        """What the host's handlers make of the record is not recorded."""

        class Marks(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                record.mark = 1
                record.exc_info = None

        log.addHandler(Marks())
        log.error("x", exc_info=LookupError("lost"))
        (line,) = captured()
        assert (line["metadata"]["error"], "mark" in line["metadata"]) == ("lost", False)

    def test_made_by_hand(self, captured: Lines, log: logging.Logger) -> None:
        """A record that lacks what each has is recorded all the same."""
        log.handle(logging.makeLogRecord({"msg": "x", "levelno": 20, "name": None, "pathname": None}))
        log.handle(logging.makeLogRecord({"msg": "y", "args": 3, "exc_info": "?", "levelno": 20}))
        assert [line["input_summary"] for line in captured()] == ["x", "y 3"]

    def test_warnings(self, captured: Lines, log: logging.Logger) -> None:
        """`logging.captureWarnings` makes records of warnings."""
        logging.captureWarnings(True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                logging.captureWarnings(False)
                logging.captureWarnings(True)
                warnings.warn("careful", stacklevel=1)
        finally:
            logging.captureWarnings(False)
        (line,) = captured()
        assert line["metadata"]["logger"] == "py.warnings"


class TestOnce:
    """No line twice, and no loop."""

    def test_forwarded(self, captured: Lines, log: logging.Logger) -> None:
        """A handler that hands the record to another logger makes one line."""

        class Forward(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                logging.getLogger("other").handle(record)

        log.addHandler(Forward())
        log.info("x")
        assert len(captured()) == 1

    def test_queue(self, captured: Lines, log: logging.Logger) -> None:
        """A record that goes through a queue has the parent where it was logged, and one line."""

        class Again(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                logging.getLogger("other").handle(record)

        records: queue.Queue[Any] = queue.Queue()
        stream = io.StringIO()
        listener = QueueListener(records, Again(), logging.StreamHandler(stream))
        log.addHandler(QueueHandler(records))
        with bind_trace("focus", "route"):
            listener.start()
            log.info("x %s", 1)
        listener.stop()
        found = captured()
        assert len(found) == 2
        assert by_operation(found)["log"]["parent_id"] == by_operation(found)["route"]["trace_id"]
        assert stream.getvalue() == "x 1\n"

    @pytest.mark.parametrize("kind", [Talks, Endless])
    def test_logs_when_it_is_looked_at(self, captured: Lines, log: logging.Logger, kind: type[Talks]) -> None:
        """A text that logs comes to an end, as a value of the message, an extra, and a span's input."""
        log.info("outer %s", kind(log), extra={"it": kind(log)})
        with bind_trace("focus", "route", input=kind(log)):
            pass
        lines = captured()
        assert lines[-1]["operation"] == "route"
        assert any(line["input_summary"].startswith("outer") for line in lines)
        assert len(lines) < 20

    def test_formatted_once(self, captured: Lines, log: logging.Logger) -> None:
        """The text that the host's handler had made is used, so what is logged on the way is logged once."""
        stream = io.StringIO()
        log.addHandler(logging.StreamHandler(stream))

        class Says(Talks):
            def __str__(self) -> str:
                log.info("inside")
                return "text"

        log.info("outer %s", Says(log))
        assert stream.getvalue() == "inside\nouter text\n"
        assert [line["input_summary"] for line in captured()] == ["inside", "outer text"]

    @pytest.mark.parametrize("formatter", [False, True])
    def test_structlog(self, captured: Lines, log: logging.Logger, formatter: bool) -> None:
        """A line that went through trace_line does not come again through logging; others come once."""
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        log.addHandler(handler)
        last: Any = structlog.processors.JSONRenderer()
        if formatter:
            last = structlog.stdlib.ProcessorFormatter.wrap_for_formatter
            handler.setFormatter(
                structlog.stdlib.ProcessorFormatter(
                    foreign_pre_chain=[trace_line], processor=structlog.processors.KeyValueRenderer()
                )
            )
        for first in (trace_line, structlog.stdlib.add_log_level):
            structlog.configure(
                processors=[first, last],
                logger_factory=lambda *_: log,
                wrapper_class=structlog.stdlib.BoundLogger,
            )
            structlog.get_logger("library").info("of structlog", a=1)
            structlog.get_logger("library").info("of structlog", a=1, exc_info=False)
        log.info("of logging")
        lines = captured()
        assert len(lines) == 5
        assert {line["component"] for line in lines} == {"test_capture.py"}
        assert len(stream.getvalue().splitlines()) == 5
        if formatter:
            assert [line["input_summary"] for line in lines] == ["of structlog"] * 4 + ["of logging"]
            assert all("_record" not in line["metadata"] for line in lines)

    def test_fails(self, captured: Lines, log: logging.Logger) -> None:
        """What a handler raises goes on its way, and the record is a line."""

        class Fails(logging.Handler):
            def handle(self, record: logging.LogRecord) -> bool:
                raise LookupError

        log.addHandler(Fails())
        with pytest.raises(LookupError):
            log.info("x")
        assert len(captured()) == 1


class TestHost:
    """What the host sees."""

    HOST = """
import logging, logging.config, sys
{begin}
def main():
    log = logging.getLogger("lib")
    log.info("hidden")
    log.warning("last resort")
    log.error("bad %d", "x")
    root = logging.getLogger()
    print(root.handlers, root.level, root.hasHandlers(), log.handlers, file=sys.stderr)
    logging.basicConfig(level="INFO", format="%(funcName)s %(lineno)d %(filename)s %(message)s")
    log.info("basic")
    log.error("bad %d", "x")
    logging.config.dictConfig({{"version": 1, "disable_existing_loggers": False,
        "handlers": {{"h": {{"class": "logging.StreamHandler"}}}},
        "root": {{"handlers": ["h"], "level": "DEBUG"}}}})
    log.info("configured")
    print(len(root.handlers), file=sys.stderr)
    logging.raiseExceptions = False
    log.error("bad %d", "x")
    logging.shutdown()
    log.info("late")
main()
"""

    def test_output(self, tmp_path: Path) -> None:
        """The output is the same to the letter, through lastResort, basicConfig and dictConfig."""
        begin = (
            "import dopejar_tracing as t\nt.configure(enabled=True, console='never', capture_logging=True)"
        )
        plain = run_python(self.HOST.format(begin="\n"), tmp_path, "-X", "dev")
        traced = run_python(self.HOST.format(begin=begin), tmp_path, "-X", "dev")
        assert (traced.returncode, traced.stdout) == (0, "")
        assert traced.stderr == plain.stderr
        assert [line["input_summary"] for line in read_lines(tmp_path / "trace.jsonl")] == [
            *("last resort", "bad %d x", "basic", "bad %d x", "configured", "bad %d x", "late")
        ]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
    def test_fork(self, tmp_path: Path) -> None:
        """A forked child's records are lines too."""
        code = """
import logging, os
from dopejar_tracing import bind_trace, configure
configure(enabled=True, console="never", capture_logging=True)
with bind_trace("focus", "route"):
    child = os.fork()
    logging.warning("child" if not child else "parent")
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
"""
        assert run_python(code, tmp_path).returncode == 0
        lines = read_lines(tmp_path / "trace.jsonl")
        assert {line["input_summary"] for line in lines} == {"child", "parent", ""}
        assert [line["parent_id"] for line in lines if line["operation"] == "log"] == [
            lines[-1]["trace_id"]
        ] * 2

    def test_stderr_led_into_logging(self, tmp_path: Path) -> None:
        """A host that logs what is written to stderr, where the tree is drawn, makes no endless mirror."""
        code = """
import logging, sys, threading
from dopejar_tracing import bind_trace, configure, shutdown
logging.basicConfig(stream=sys.stdout, level="INFO", format="%(message)s")
class Leads:
    def write(self, text):
        logging.info(text)
        return len(text)
    def flush(self): pass
    def isatty(self): return False
sys.stderr = Leads()
configure(enabled=True, console="always", capture_logging=True, level="debug")
with bind_trace("focus", "route"):
    logging.info("x")
shutdown()
"""
        assert run_python(code, tmp_path).returncode == 0
        assert len(read_lines(tmp_path / "trace.jsonl")) < 10

    def test_threads(self, captured: Lines, log: logging.Logger) -> None:
        """Threads that log at once lose no line."""

        def work(number: int) -> None:
            for _ in range(50):
                log.info("%d", number)

        workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len(captured()) == 400


class TestSwitch:
    """On and off."""

    def test_off(self) -> None:
        """Off, again off, or shut down: logging is as it was, to the object."""
        for end in (shutdown, partial(switch_on, capture_logging=False), partial(configure, enabled=False)):
            switch_on()
            switch_on()
            assert logging.Logger.callHandlers is not original
            end()
            end()
            assert logging.Logger.callHandlers is original
        configure(enabled=True, console="never")
        assert logging.Logger.callHandlers is original
        shutdown()

    def test_patched_by_another(
        self, captured: Lines, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What another library put around ours stays; ours is inert, until it is switched on again."""
        ours: Any = logging.Logger.callHandlers

        def theirs(self: logging.Logger, record: logging.LogRecord) -> None:
            ours(self, record)

        with monkeypatch.context() as patch:
            patch.setattr(logging.Logger, "callHandlers", theirs)
            switch_on(capture_logging=False)
            log.info("off")
            assert logging.Logger.callHandlers is theirs
            switch_on()
            log.info("on")
        assert [line["input_summary"] for line in captured()] == ["on"]
        shutdown()
        assert logging.Logger.callHandlers is original
