"""Altitude: how far from the ground the talk is, from L4 (who am I?) to L1 (this moment)."""

from __future__ import annotations

from dopejar_tracing.points import altitude
from the_assist.gates import GateController
from the_assist.journal import Journal
from the_assist.state import State

LEVELS = ("L4", "L3", "L2", "L1")
NAMES = {"L4": "identity", "L3": "strategy", "L2": "operations", "L1": "moment"}


class AltitudeGovernor:
    """Changes the level of the talk; down only where the level above is established."""

    def __init__(self, state: State, journal: Journal, gates: GateController) -> None:
        self._state = state
        self._journal = journal
        self._gates = gates

    def reach(self, wanted: str, words: str, reason: str) -> str:
        """Go to a level, or as far towards it as the ground holds; returns the level reached."""
        if wanted != self._state.level and not self._grounded(wanted):
            self._refuse(wanted)
            wanted, reason = self._lowest(), f"on the way to {wanted}"
        if wanted == self._state.level:
            self._remember(wanted, words)
        else:
            self.transition(wanted, words, reason)
        return wanted

    def transition(self, to_level: str, words: str, reason: str) -> None:
        """Go to another level, and keep the session there."""
        before = self._state.level
        with (
            altitude.transition(from_level=before, to_level=to_level, reason=reason),
            self._journal.attempt("level", before=before, after=to_level) as entry,
        ):
            self._remember(to_level, words)
            self._state.level = self._state.lanes[self._state.lane].level = to_level
            entry["verdict"] = "changed"

    def establish(self, level: str) -> None:
        """Take note that something was settled at a level: what stood below has to be settled anew."""
        settled = LEVELS[: LEVELS.index(level)]
        self._state.established = [one for one in settled if one in self._state.established] + [level]

    def _refuse(self, wanted: str) -> None:
        before, reason = self._state.level, f"{_above(wanted)} is not established"
        self._journal.note("level", before=before, after=wanted, verdict="blocked")
        altitude.transition.event(from_level=before, to_level=wanted, reason=reason, output="refused")

    def _lowest(self) -> str:
        """The lowest level that can be stood on."""
        return next(level for level in reversed(LEVELS) if self._grounded(level))

    def _grounded(self, level: str) -> bool:
        return level == "L4" or _above(level) in self._state.established

    def _remember(self, level: str, words: str) -> None:
        self._gates.write("altitude", "session", {"level": level, "said": words})


def _above(level: str) -> str:
    return LEVELS[LEVELS.index(level) - 1]
