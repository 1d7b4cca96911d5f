"""dopejar_tracing: the ways to write a span, and how it grows with what is in it, around it and beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from benchmarks.case import TREE, Case, Line, Written
from benchmarks.peers.floor import made_up, placed, summarized
from benchmarks.peers.ours import into, numbered
from dopejar_tracing import bind_trace, trace_line
from dopejar_tracing.points import altitude


def reasoned(line: Any) -> Line:
    """A line whose number is the reason of a transition."""
    return Line(int(line["metadata"]["reason"]), line["operation"])


def block(folder: Path) -> Case:
    """`with`, which is given all it says."""

    def work(numbers: range) -> None:
        for number in numbers:
            with bind_trace("altitude", "transition", input=str(number), output="success"):
                pass

    return Case(work, [Written(into(folder), summarized, ["transition"])])


def decorated(folder: Path) -> Case:
    """The same around a function, whose argument makes the input."""

    @bind_trace("altitude", "transition", input="{number}", output="success")
    def transition(number: int) -> None:
        pass

    def work(numbers: range) -> None:
        for number in numbers:
            transition(number)

    return Case(work, [Written(into(folder), summarized, ["transition"])])


def point(folder: Path, **settings: Any) -> Case:
    """A typed trace point, whose three fields make the input, the output and the metadata."""

    def work(numbers: range) -> None:
        for number in numbers:
            with altitude.transition(from_level="L3", to_level="L2", reason=str(number)):
                pass

    return Case(work, [Written(into(folder, **settings), reasoned, ["transition"])])


def point_around(folder: Path) -> Case:
    """The same around a function."""

    @altitude.transition.traced(from_level="L3", to_level="L2", reason="{number}")
    def transition(number: int) -> None:
        pass

    def work(numbers: range) -> None:
        for number in numbers:
            transition(number)

    return Case(work, [Written(into(folder), reasoned, ["transition"])])


def point_event(folder: Path) -> Case:
    """The same as an event."""

    def work(numbers: range) -> None:
        for number in numbers:
            altitude.transition.event(from_level="L3", to_level="L2", reason=str(number))

    return Case(work, [Written(into(folder), reasoned, ["transition"])])


def keys(folder: Path, count: int) -> Case:
    """One span for each number, with so many metadata keys."""
    metadata = made_up(count)

    def work(numbers: range) -> None:
        for number in numbers:
            with bind_trace("altitude", "transition", input=str(number), output="success", metadata=metadata):
                pass

    return Case(work, [Written(into(folder), summarized, ["transition"])])


def nested(folder: Path, depth: int) -> Case:
    """So many spans inside each other for each number.

    Entered and left one by one, not by functions that call each other: where CPython's stack of frames comes
    to the end of a chunk, 16 kB, each call asks the system for memory, which no tracer can mend.
    """

    def work(numbers: range) -> None:
        for number in numbers:
            around = [bind_trace("focus", "gate_check", input=f"{number} {place}") for place in range(depth)]
            spans = [each.__enter__() for each in around]
            for each, span in zip(reversed(around), reversed(spans), strict=True):
                span.set_output("allowed", user_consent=True, number=number)
                each.__exit__(None, None, None)

    def read(line: Any) -> Line:
        return placed(line)._replace(id=line["trace_id"], parent=line["parent_id"])

    places = [str(place) for place in reversed(range(depth))]
    return Case(work, [Written(into(folder), read, places)], each=depth)


def tasks(folder: Path, count: int) -> Case:
    """Trees of three spans, from so many tasks at once, which let the others go on inside each span."""

    async def trees(numbers: range) -> None:
        for number in numbers:
            async with bind_trace("altitude", "transition", input="L3→L2") as span:
                await asyncio.sleep(0)
                async with bind_trace("focus", "gate_check", input="WriteApprovalGate") as gate:
                    await asyncio.sleep(0)
                    async with bind_trace("memory", "write", input="altitude.session") as write:
                        await asyncio.sleep(0)
                        write.set_output("written", tokens_saved=45, number=number)
                    gate.set_output("allowed", user_consent=True, number=number)
                span.set_output("success", reason="user requested tactical", number=number)

    async def all_of(numbers: range) -> None:
        await asyncio.gather(*[trees(numbers[place::count]) for place in range(count)])

    written = Written(into(folder), numbered, TREE)
    return Case(lambda numbers: asyncio.run(all_of(numbers)), [written], each=3, streams=count)


def line_led_in(folder: Path) -> Case:
    """A line of the application's own logger for each number: in the application's file, and in the trace."""
    from benchmarks.peers import structlog_chain

    path = folder / "structlog.jsonl"
    trace = Written(into(folder), numbered, ["log"])
    log = structlog_chain.logger(path, trace_line)

    def work(numbers: range) -> None:
        for number in numbers:
            log.info("plan ready", steps=3, number=number)

    return Case(work, [Written(path, structlog_chain.read, ["log"]), trace])
