"""loguru, which serializes lines into a file and flushes each.

It has no spans; its `contextualize` around a line at the end stands for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loguru import logger  # type: ignore[import-not-found, unused-ignore]  # a peer may be missing

from benchmarks.case import TREE, Case, Line, Written


def _into(folder: Path) -> Path:
    path = folder / "loguru.jsonl"
    logger.remove()
    logger.add(path, serialize=True)
    return path


def _read(line: Any) -> Line:
    extra = line["record"]["extra"]
    return Line(extra["number"], extra.get("operation", "log"))


def spans(folder: Path) -> Case:
    """Three lines, each inside one context more."""
    path = _into(folder)
    within = logger.contextualize

    def work(numbers: range) -> None:
        for number in numbers:
            with within(layer="altitude", operation="transition", input="L3→L2"):
                with within(layer="focus", operation="gate_check", input="WriteApprovalGate"):
                    with within(layer="memory", operation="write", input="altitude.session"):
                        logger.info("written", tokens_saved=45, number=number)
                    logger.info("allowed", user_consent=True, number=number)
                logger.info("success", reason="user requested tactical", number=number)

    return Case(work, [Written(path, _read, TREE)], each=3)


def line(folder: Path) -> Case:
    """One line for each number."""
    path = _into(folder)

    def work(numbers: range) -> None:
        for number in numbers:
            logger.info("plan ready", steps=3, number=number)

    return Case(work, [Written(path, _read, ["log"])])
