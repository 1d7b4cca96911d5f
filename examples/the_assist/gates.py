"""Focus: the gates between a wish and a deed."""

from __future__ import annotations

from dopejar_tracing.points import LATER, focus
from the_assist.consent import Consent
from the_assist.journal import Journal
from the_assist.manager import MemoryManager
from the_assist.state import State
from the_assist.tiers import Data


class GateController:
    """Says yes or no, and why."""

    def __init__(self, state: State, journal: Journal, consent: Consent, memory: MemoryManager) -> None:
        self._state = state
        self._journal = journal
        self._consent = consent
        self._memory = memory

    def write(self, namespace: str, key: str, data: Data) -> bool:
        """Write to the memory if the person consented to it; returns whether they did."""
        with focus.gate_check(gate_type="WriteApprovalGate", decision=LATER, reason=LATER) as span:
            allowed = self._consent.verdict
            decision = "allowed" if allowed else "denied"
            wish = self._memory.address(namespace, key)
            self._journal.note("gate", gate="WriteApprovalGate", wish=wish, verdict=decision)
            span.set_output(decision=decision, reason="consent is on" if allowed else "consent was revoked")
            if allowed:
                self._memory.write(namespace, key, data)
            return allowed

    def check(self, gate: str, confidence: float) -> str:
        """Ask one of the gates before a stance; returns what speaks against it, empty if nothing does."""
        with (
            focus.gate_check(gate_type=gate, decision=LATER, reason=LATER) as span,
            self._journal.attempt("gate", gate=gate) as entry,
        ):
            objection = self._objection(gate, confidence)
            decision = entry["verdict"] = "denied" if objection else "allowed"
            span.set_output(decision=decision, reason=objection or "nothing speaks against it")
            return objection

    def _objection(self, gate: str, confidence: float) -> str:
        match gate:
            case "FramingGate" if confidence < 0.4:
                return "the question is too vague to frame"
            case "CommitmentGate" if not self._planned():
                return "nothing is planned in this lane"
            case "EvaluationGate" if not self._state.unevaluated:
                return "nothing was done since the last evaluation"
            case "EmergencyGate" if self._state.emergency:
                return "the last emergency has not been evaluated"
        return ""

    def _planned(self) -> bool:
        data = self._memory.read("lanes", self._state.lane)
        return bool(data and data.get("steps"))
