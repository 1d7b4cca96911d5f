"""The standard library's `logging`, with a formatter that makes JSON of what `extra` is given."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.case import Case, Line, Written

EXTRA = ("steps", "number")


class Formatter(logging.Formatter):
    """A record as JSON: time, level, message, and what is extra."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return json.dumps(
            {
                "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
                "level": record.levelname,
                "event": record.getMessage(),
                **{name: getattr(record, name) for name in EXTRA},
            }
        )


def _read(line: Any) -> Line:
    return Line(line["number"], "log")


def line(folder: Path) -> Case:
    """One line for each number; the handler flushes each."""
    path = folder / "logging.jsonl"
    handler = logging.FileHandler(path)
    handler.setFormatter(Formatter())
    logger = logging.getLogger("benchmarks")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)

    def work(numbers: range) -> None:
        for number in numbers:
            logger.info("plan ready", extra={"steps": 3, "number": number})

    return Case(work, [Written(path, _read, ["log"])])
