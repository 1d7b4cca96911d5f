"""Focus: the four stances, and that none is taken without its gate."""

from __future__ import annotations

from dopejar_tracing.points import focus
from the_assist.gates import GateController
from the_assist.journal import Journal
from the_assist.routing import Signal
from the_assist.state import State


class StanceKeeper:
    """Sensemaking, discovery, execution, evaluation: one at a time."""

    def __init__(self, state: State, journal: Journal, gates: GateController) -> None:
        self._state = state
        self._journal = journal
        self._gates = gates

    def take(self, signal: Signal, confidence: float) -> str:
        """Take the stance that a signal needs; returns what speaks against it, empty if nothing does."""
        before, after, gate = self._state.stance, signal.stance, signal.gate
        if after == before:
            return ""
        with (
            focus.stance_change(from_stance=before, to_stance=after, gate=gate) as span,
            self._journal.attempt("stance", before=before, after=after) as entry,
        ):
            objection = self._gates.check(gate, confidence)
            if objection:
                span.block(objection)
            else:
                self._change(after, gate)
            entry["verdict"] = "blocked" if objection else "changed"
            return objection

    def _change(self, stance: str, gate: str) -> None:
        self._state.stance = stance
        self._state.emergency |= gate == "EmergencyGate"
