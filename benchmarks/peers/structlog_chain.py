"""structlog's production chain into a file, as its documentation on performance recommends it.

It has no spans; bound context variables around a line at the end stand for them.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import orjson
import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars

from benchmarks.case import TREE, Case, Line, Written


def logger(path: Path, *first: Any) -> Any:
    """A logger whose lines go into the file, flushed one by one; `first` stand before its processors."""
    structlog.configure(
        processors=[
            *first,
            merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.dict_tracebacks,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(path.open("ab")),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger()


def read(line: Any) -> Line:
    """A line of the chain."""
    return Line(line["number"], line.get("operation", "log"))


def spans(folder: Path) -> Case:
    """Three lines, each inside one binding more."""
    path = folder / "structlog.jsonl"
    log = logger(path)

    def work(numbers: range) -> None:
        for number in numbers:
            with bound_contextvars(layer="altitude", operation="transition", input="L3→L2"):
                with bound_contextvars(layer="focus", operation="gate_check", input="WriteApprovalGate"):
                    with bound_contextvars(layer="memory", operation="write", input="altitude.session"):
                        log.info("written", tokens_saved=45, number=number)
                    log.info("allowed", user_consent=True, number=number)
                log.info("success", reason="user requested tactical", number=number)

    return Case(work, [Written(path, read, TREE)], each=3)


def line(folder: Path) -> Case:
    """One line for each number."""
    path = folder / "structlog.jsonl"
    log = logger(path)

    def work(numbers: range) -> None:
        for number in numbers:
            log.info("plan ready", steps=3, number=number)

    return Case(work, [Written(path, read, ["log"])])
