"""How things stand, in words: what has been read, and what a filter found."""

from __future__ import annotations

from dopejar_tracing.cli.browse.intake import Intake
from dopejar_tracing.cli.browse.lines import Lines
from dopejar_tracing.cli.browse.paint import Palette
from dopejar_tracing.cli.browse.trace import Trace
from dopejar_tracing.read.index.sift import Sieve
from dopejar_tracing.show.line import Line
from dopejar_tracing.show.text import visible

_BETWEEN = " · "
_SECONDS = 5.0
"""That a message stays."""


class Status(Lines):
    """How things stand; for a while after something happened, that.

    Args:
        palette: of the theme.

    Attributes:
        message: what happened, as long as it stands there.
    """

    def __init__(self, palette: Palette) -> None:
        super().__init__(palette, [[]])
        self.message = ""
        self._state: Line = []

    def tell(self, state: Line) -> None:
        """Say how things stand."""
        self._state = state
        self.show([[(visible(self.message), "open")] if self.message else state])

    def say(self, message: str) -> None:
        """Say what happened."""
        self.message = message
        self.tell(self._state)
        if message:
            self.set_timer(_SECONDS, lambda: self.say("") if self.message == message else None)


def state_line(trace: Trace, intake: Intake, width: int) -> Line:
    """The state of everything. Where there is no room, the last parts stay.

    Args:
        trace: that is browsed.
        intake: into it.
        width: columns that there are.
    """
    sieve = intake.sieve
    index = trace.index
    parts: Line = [(visible(trace.name), "")]
    parts.append((_many(len(index.order), "event") + ("" if intake.is_over else ", reading …"), "note"))
    if intake.is_over:
        parts.append((_many(index.count_tops(), "request"), "note"))
    if trace.scanner.bad_lines:
        count = trace.scanner.bad_lines
        first = visible(trace.scanner.first_bad)
        parts.append((f"{_many(count, 'bad line')}, {'at' if count == 1 else 'the first at'} {first}", "odd"))
    if sieve is not None:
        parts.append((_matches(sieve, len(index.order)), "open"))
    if intake.is_following:
        parts.append(("following", "open"))
    while len(parts) > 1 and sum(len(text) + len(_BETWEEN) for text, _ in parts) > width:
        parts.pop(0)
    between: Line = [(_BETWEEN, "note")]
    return [segment for part in parts for segment in (*between, part)][1:]


def empty_text(trace: Trace, intake: Intake) -> str:
    """What is said where there is nothing to show."""
    sieve = intake.sieve
    if not intake.is_over or (sieve is not None and sieve.asked < len(trace.index.order)):
        return ""
    if sieve is not None and trace.index.order:
        return "nothing matches; Esc clears the filter"
    if trace.scanner.bad_lines:
        return f"{trace.name} has no line that can be read"
    return f"{trace.name} is empty; f follows what is written to it"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _matches(sieve: Sieve, events: int) -> str:
    found = f"{sieve.matched:,} match{'' if sieve.matched == 1 else 'es'}"
    return found if sieve.asked >= events else f"{found}, {sieve.asked * 100 // events}% looked through"
