"""Altitude: plan and evaluate, before anything is executed."""

from __future__ import annotations

from dataclasses import dataclass

from dopejar_tracing.points import LATER, altitude
from the_assist.journal import Journal
from the_assist.reasoning import UNCLEAR
from the_assist.routing import route


@dataclass(frozen=True)
class Plan:
    """What is to be done, and by whom."""

    level: str
    signal: str
    agents: tuple[str, ...]
    words: str
    confidence: float


class Loop:
    """Makes plans, and doubts them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def plan(self, level: str, signal: str, strategy: str, words: str, confidence: float) -> Plan:
        """Find who does what."""
        with altitude.plan(altitude=level, intent=signal, plan_summary=LATER) as span:
            agents = route(signal, strategy)
            span.set_output(plan_summary=" → ".join(agents))
            return Plan(level, signal, agents, words, confidence)

    def evaluate(self, plan: Plan) -> str:
        """Judge a plan; returns what speaks against it, empty if nothing does."""
        objection = _objection(plan)
        verdict = "rejected" if objection else "sound"
        self._journal.note("plan", level=plan.level, signal=plan.signal, verdict=verdict)
        altitude.evaluate.event(
            altitude=plan.level,
            verdict=verdict,
            confidence=plan.confidence,
            status="blocked" if objection else None,
            metadata={"reason": objection} if objection else None,
        )
        return objection


def _objection(plan: Plan) -> str:
    if plan.confidence < UNCLEAR:
        return "I am not sure what that is about"
    return "That is for you to decide" if plan.signal == "ask" else ""
