"""Learning: which way of taking a signal came out well before."""

from __future__ import annotations

from dataclasses import dataclass

from dopejar_tracing.points import learning
from the_assist.journal import Journal
from the_assist.state import Pattern, State

STALE_TURNS = 12
ENOUGH = 3
"""Patterns that say the same of different signals, from which one rule is made."""
GOOD = "done"
ANY = "*"


@dataclass(frozen=True)
class Match:
    """A pattern that speaks for a strategy."""

    code: str
    strategy: str
    confidence: float


class Patterns:
    """Codes are `signal/strategy/outcome`: `plan/answer/done`, or `*/answer/done` of any signal."""

    def __init__(self, state: State, journal: Journal) -> None:
        self._state = state
        self._journal = journal

    def match(self, signal: str) -> Match | None:
        """The pattern that speaks most for a strategy, if any does."""
        known = self._state.patterns
        found = [code for code in known if _fits(code, signal)] or [
            code for code in known if _fits(code, ANY)
        ]
        if not found:
            return None
        code = max(found, key=self._confidence)
        match = Match(code, code.split("/")[1], self._confidence(code))
        self._journal.note("pattern", code=code, verdict="matched")
        learning.pattern_match.event(pattern_code=code, confidence=match.confidence)
        return match

    def learn(self, signal: str, strategy: str, outcome: str) -> None:
        """Take in how a turn came out."""
        code, rule = f"{signal}/{strategy}/{outcome}", f"{ANY}/{strategy}/{outcome}"
        known = self._state.patterns
        if code not in known and rule in known:
            code = rule
        if code not in known:
            self._add(code, f"turn {self._state.turn}")
        known[code].hits += 1
        known[code].used = self._state.turn
        self._generalize(strategy)
        self._trim_stale()

    @learning.pattern_add.traced(pattern_code="{code}", source="{source}")
    def _add(self, code: str, source: str) -> None:
        self._state.patterns[code] = Pattern()
        self._journal.note("pattern", code=code, verdict="added")

    @learning.pattern_trim.traced(pattern_code="{code}", reason="{reason}")
    def _trim(self, code: str, reason: str) -> None:
        del self._state.patterns[code]
        self._journal.note("pattern", code=code, verdict="trimmed")

    def _trim_stale(self) -> None:
        for code, pattern in list(self._state.patterns.items()):
            if self._state.turn - pattern.used >= STALE_TURNS:
                self._trim(code, f"unused for {STALE_TURNS} turns")

    def _generalize(self, strategy: str) -> None:
        """Make one rule of several patterns that differ in their signal only."""
        known, rule = self._state.patterns, f"{ANY}/{strategy}/{GOOD}"
        alike = [code for code in known if code.endswith(f"/{strategy}/{GOOD}") and code != rule]
        if rule in known or len(alike) < ENOUGH:
            return
        with learning.generalize(from_patterns=alike, to_pattern=rule):
            hits = sum(known.pop(code).hits for code in alike)
            known[rule] = Pattern(hits, self._state.turn)
            self._journal.note("pattern", code=rule, verdict="generalized")

    def _confidence(self, code: str) -> float:
        """How often it came out so, of all the times; one is added, since few cases prove little."""
        way, _, _ = code.rpartition("/")
        known = self._state.patterns
        tries = sum(pattern.hits for other, pattern in known.items() if other.rpartition("/")[0] == way)
        return round(known[code].hits / (tries + 1), 2)


def _fits(code: str, signal: str) -> bool:
    of, _, outcome = code.split("/")
    return of == signal and outcome == GOOD
