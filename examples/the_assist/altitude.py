"""Altitude: how far from the ground the talk is, from L4 (who am I?) to L1 (this moment)."""

from __future__ import annotations

import re

from dopejar_tracing import bind_trace
from the_assist.gates import GateController

CUES = {
    "L4": "who why identity values believe purpose meaning",
    "L3": "strategy goal goals direction quarter year priority priorities vision",
    "L2": "plan week organise organize schedule steps project prepare list",
    "L1": "now today next send call write open start finish do",
}
NAMES = {"L4": "identity", "L3": "strategy", "L2": "operations", "L1": "moment"}


class AltitudeGovernor:
    """Holds the level of the talk, and changes it when a person's words ask for another."""

    def __init__(self, gates: GateController) -> None:
        self.level = "L3"
        self._gates = gates

    def hear(self, words: str) -> str:
        """Take a line; returns the reply."""
        level, cue = self._wanted(words)
        if level == self.level:
            self._remember(words)
            return f"Staying at {self.level}, {NAMES[self.level]}."
        self.transition(level, words, reason=f"user said {cue!r}")
        return f"Now at {self.level}, {NAMES[self.level]}."

    def transition(self, to_level: str, words: str, reason: str) -> None:
        """Go to another level, and keep the session there."""
        with bind_trace("altitude", "transition", input=f"{self.level}→{to_level}") as span:
            self.level = to_level
            self._remember(words)
            span.set_output("success", reason=reason)

    def _remember(self, words: str) -> None:
        self._gates.write("altitude", "session", {"level": self.level, "said": words})

    def _wanted(self, words: str) -> tuple[str, str]:
        """The level whose cue is said first, and the cue; where nothing is said of it, the present one."""
        for word in re.findall(r"[a-z]+", words.lower()):
            for level, cues in CUES.items():
                if word in cues.split():
                    return level, word
        return self.level, ""
