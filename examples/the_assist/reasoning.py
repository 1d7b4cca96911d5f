"""Reasoning: what was said, how to take it, and whether that is ours to decide."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dopejar_tracing.points import reasoning
from the_assist.journal import Journal
from the_assist.patterns import Match
from the_assist.routing import ALONE, SIGNALS
from the_assist.state import State

HIGH_STAKES = frozenset("all money contract delete everyone everything legal publish sign".split())
UNCLEAR, UNSURE, TRUSTED = 0.3, 0.4, 0.6
"""Confidence below which we ask, below which we escalate, from which on we follow a pattern."""
LONG = 14
"""Words from which on a line is not simple any more."""


@dataclass(frozen=True)
class Reading:
    """What we make of a line.

    Attributes:
        signal: what it is about.
        cue: the word that says so.
        confidence: 0 to 1.
        complexity: `simple` or `compound`.
        stakes: `low` or `high`.
    """

    signal: str
    cue: str
    confidence: float
    complexity: str
    stakes: str


class Reasoner:
    """Rules, where another assistant has a model."""

    def __init__(self, state: State, journal: Journal) -> None:
        self._state = state
        self._journal = journal

    def classify(self, words: str) -> Reading:
        """Find what a line is about: the signal most of its cues stand for, and of those the first."""
        reading = _read(re.findall(r"[a-z]+", words.lower()))
        reasoning.classify.event(
            input_type=reading.signal,
            confidence=reading.confidence,
            metadata={"complexity": reading.complexity, "stakes": reading.stakes},
        )
        return reading

    def choose(self, reading: Reading, match: Match | None) -> str:
        """Choose a strategy."""
        strategy, reason = _strategy(reading, match)
        self._journal.note("strategy", signal=reading.signal, strategy=strategy)
        reasoning.route.event(strategy=strategy, reason=reason)
        return strategy

    def escalate(self, reading: Reading) -> str:
        """The signal to act on: the one that was read, or a higher one where that is too delicate."""
        trigger = _trigger(reading)
        if not trigger:
            return reading.signal
        above = SIGNALS[reading.signal].above
        before, after = SIGNALS[reading.signal].level or self._state.level, SIGNALS[above].level or "person"
        self._journal.note("escalation", before=before, after=after)
        reasoning.escalate.event(from_level=before, to_level=after, trigger=trigger)
        return above


def _read(words: list[str]) -> Reading:
    found = [(name, word) for word in words for name, signal in SIGNALS.items() if word in signal.cues]
    stakes = "high" if HIGH_STAKES & set(words) else "low"
    if not found:
        return Reading("ask", "", 0.2, "simple", stakes)
    names = [name for name, _ in found]
    signal = max(names, key=names.count)  # the first of those that come most often
    hits = names.count(signal)
    complexity = "compound" if len(set(names)) > 1 or len(words) >= LONG else "simple"
    confidence = round(hits / len(names) * (1 - 0.5**hits), 2)
    return Reading(signal, dict(found)[signal], confidence, complexity, stakes)


def _strategy(reading: Reading, match: Match | None) -> tuple[str, str]:
    """The strategy and its reason."""
    if reading.confidence < UNCLEAR:
        return "ask", f"confidence {reading.confidence}"
    if reading.signal == "alarm":
        return "emergency", "an alarm"
    if reading.stakes == "high":
        return "careful", "high stakes"
    if match and match.confidence >= TRUSTED:
        return match.strategy, f"pattern {match.code} held, {match.confidence}"
    if reading.complexity == "compound":
        return "together", "more than one thing in it"
    return ALONE, "one simple thing"


def _trigger(reading: Reading) -> str:
    if reading.confidence < UNSURE:
        return f"confidence {reading.confidence}"
    # An alarm is about high stakes by nature; the emergency gate looks at it instead.
    return "high stakes" if reading.stakes == "high" and reading.signal != "alarm" else ""
