"""One line of a person, one reply, one tree."""

from __future__ import annotations

from pathlib import Path

from dopejar_tracing.points import LATER
from the_assist.altitude import NAMES, AltitudeGovernor
from the_assist.commands import Commands
from the_assist.consent import Consent
from the_assist.executor import Executor, Outcome
from the_assist.files import TornFileError
from the_assist.gates import GateController
from the_assist.journal import Journal
from the_assist.lanes import Lanes
from the_assist.loop import Loop, Plan
from the_assist.manager import MemoryManager
from the_assist.patterns import Patterns
from the_assist.points import turn
from the_assist.reasoning import Reading, Reasoner
from the_assist.routing import AT_LEVEL, SIGNALS
from the_assist.stance import StanceKeeper
from the_assist.state import load_state


class Assistant:
    """The layers, put together."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = state = load_state(folder)
        self._journal = journal = Journal(folder, state)
        self._consent = consent = Consent(state, journal)
        self._memory = memory = MemoryManager(folder, state, journal, consent)
        gates = GateController(state, journal, consent, memory)
        self._governor = AltitudeGovernor(state, journal, gates)
        self._stance = StanceKeeper(state, journal, gates)
        self._patterns = Patterns(state, journal)
        self._reasoner = Reasoner(state, journal)
        self._loop = Loop(journal)
        self._executor = Executor(state, journal, gates, memory)
        lanes = Lanes(state, journal, consent, gates, self._governor)
        self._commands = Commands(state, journal, consent, gates, memory, lanes)

    def hear(self, line: str) -> str:
        """Take one line; returns the reply."""
        self._state.turn += 1
        self._state.save(self._folder)  # a turn that is broken off has had its number all the same
        self._consent.begin_turn()
        with turn(number=self._state.turn, said=self._consent.shown(line), reply=LATER) as span:
            try:
                reply = self._commands.obey(line) if line.startswith("/") else self._talk(line)
                self._memory.settle()
            except TornFileError as fault:
                span.fail(fault)
                reply = f"{fault}; /mend sets it aside."
            finally:
                self._state.save(self._folder)
            shown = self._consent.shown(reply)
            span.set_output(shown, reply=shown)
        return reply

    def _talk(self, words: str) -> str:
        """Understand, plan, evaluate, execute, learn."""
        self._consent.check("keep what is said")
        reading = self._reasoner.classify(words)
        strategy = self._reasoner.choose(reading, self._patterns.match(reading.signal))
        signal, level = self._aim(reading, words)
        plan = self._loop.plan(level, signal, strategy, words, reading.confidence)
        outcome = self._carry_out(plan)
        self._patterns.learn(reading.signal, strategy, outcome.verdict)
        return f"At {level}, {NAMES[level]}. {outcome.said}"

    def _aim(self, reading: Reading, words: str) -> tuple[str, str]:
        """What to act on, and the level for it: the one it belongs to, if the ground holds there."""
        signal = self._reasoner.escalate(reading)
        wanted = SIGNALS[signal].level or self._state.level
        reason = f"user said {self._consent.shown(reading.cue)!r}"
        level = self._governor.reach(wanted, words, reason)
        return signal if level == wanted else AT_LEVEL[level], level

    def _carry_out(self, plan: Plan) -> Outcome:
        objection = self._loop.evaluate(plan)
        if objection:
            return Outcome("rejected", f"{objection}: say more?")
        objection = self._stance.take(SIGNALS[plan.signal], plan.confidence)
        if objection:
            return Outcome("denied", f"Not yet: {objection}.")
        outcome = self._executor.execute(plan)
        if outcome.verdict == "done":
            self._governor.establish(plan.level)
        return outcome
