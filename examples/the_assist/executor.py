"""Altitude: the deeds. Each agent does one small thing, and says so in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from dopejar_tracing.points import altitude
from the_assist.gates import GateController
from the_assist.journal import Journal
from the_assist.loop import Plan
from the_assist.manager import MemoryManager
from the_assist.state import State
from the_assist.tiers import Data


@dataclass(frozen=True)
class Outcome:
    """How a deed came out.

    Attributes:
        verdict: `done`, `stuck` or `denied`.
        said: the sentence.
    """

    verdict: str
    said: str


class Executor:
    """The agents, by name."""

    def __init__(self, state: State, journal: Journal, gates: GateController, memory: MemoryManager) -> None:
        self._state = state
        self._journal = journal
        self._gates = gates
        self._memory = memory
        self._agents = {
            "guide": self._guide,
            "strategist": self._strategist,
            "scout": self._scout,
            "scribe": self._scribe,
            "counter": self._counter,
            "doer": self._doer,
            "responder": self._responder,
            "reviewer": self._reviewer,
        }

    def execute(self, plan: Plan) -> Outcome:
        """Let each agent of the plan do its part; the first one decides how it came out."""
        with (
            altitude.execute(altitude=plan.level, action_type=plan.signal) as span,
            self._journal.attempt("deed", level=plan.level, signal=plan.signal) as entry,
        ):
            outcomes = [self._agents[name](plan.words) for name in plan.agents]
            entry["verdict"] = verdict = outcomes[0].verdict
            if verdict == "denied":
                span.block(DENIED_WHY)
        return Outcome(verdict, " ".join(outcome.said for outcome in outcomes))

    def _guide(self, words: str) -> Outcome:
        kept = self._memory.read("altitude", "direction")
        return Outcome("done", f"What we are after: {kept['said']}." if kept else "We have no direction yet.")

    def _strategist(self, words: str) -> Outcome:
        if words.endswith("?"):
            return self._guide(words)
        kept = self._gates.write("altitude", "direction", {"said": words})
        return Outcome("done", "Taken as our direction.") if kept else DENIED

    def _scout(self, words: str) -> Outcome:
        steps, done = self._lists()
        if not steps and not done:
            return Outcome("done", "Nothing is fixed yet: anything goes.")
        return Outcome("done", f"There is {_joined(steps + done)}; what else?")

    def _scribe(self, words: str) -> Outcome:
        steps, done = self._lists()
        kept = self._keep([*steps, words], done)
        return Outcome("done", f"On the list of {self._state.lane}.") if kept else DENIED

    def _counter(self, words: str) -> Outcome:
        steps, done = self._lists()
        return Outcome("done", f"Open: {len(steps)}, done: {len(done)}.")

    def _doer(self, words: str) -> Outcome:
        steps, done = self._lists()
        return self._do(steps, done) if steps else Outcome("stuck", "Nothing is left to do here.")

    def _responder(self, words: str) -> Outcome:
        steps, done = self._lists()
        return self._do([words, *steps], done)

    def _reviewer(self, words: str) -> Outcome:
        _, done = self._lists()
        self._state.unevaluated, self._state.emergency = 0, False
        return Outcome("done", f"Done so far: {_joined(done)}.")

    def _do(self, steps: list[str], done: list[str]) -> Outcome:
        if not self._keep(steps[1:], [*done, steps[0]]):
            return DENIED
        self._state.unevaluated += 1
        return Outcome("done", f"Ticked off: {steps[0]}.")

    def _lists(self) -> tuple[list[str], list[str]]:
        """Open steps and done ones of the present lane."""
        data: Data = self._memory.read("lanes", self._state.lane) or {}
        return list(data.get("steps", [])), list(data.get("done", []))

    def _keep(self, steps: list[str], done: list[str]) -> bool:
        return self._gates.write("lanes", self._state.lane, {"steps": steps, "done": done})


DENIED_WHY = "it may not be kept"
DENIED = Outcome("denied", "I may not keep that.")


def _joined(texts: list[str]) -> str:
    return "; ".join(texts) or "nothing"
