"""What a person can say to the assistant itself."""

from __future__ import annotations

from the_assist.consent import Consent
from the_assist.gates import GateController
from the_assist.journal import Journal
from the_assist.lanes import Lanes
from the_assist.manager import MemoryManager
from the_assist.state import State

HELP = """\
Say what is on your mind, or:
  /consent on|off                 let your words be kept, or not
  /remember KEY WORDS...          keep a note
  /recall [KEY]                   the note, or the last thing you said
  /lane new|resume NAME           open a piece of work, go back to one
  /lane pause                     leave this one
  /lanes                          all of them
  /why                            what was decided in the last turn
  /mend                           set memory files aside that cannot be read
  /quit                           or Ctrl-D"""


class Commands:
    """Obeys lines that begin with a slash."""

    def __init__(
        self,
        state: State,
        journal: Journal,
        consent: Consent,
        gates: GateController,
        memory: MemoryManager,
        lanes: Lanes,
    ) -> None:
        self._state = state
        self._journal = journal
        self._consent = consent
        self._gates = gates
        self._memory = memory
        self._lanes = lanes

    def obey(self, line: str) -> str:
        """Do what a line says; returns the reply."""
        match line.split():
            case ["/consent", ("on" | "off") as choice]:
                return self._consent.change(granted=choice == "on")
            case ["/remember", key, *words] if words:
                return self._remember(key, " ".join(words))
            case ["/recall", *key] if len(key) < 2:
                return self._recall(*key)
            case ["/lane", *words] if words:
                return self._lane(words)
            case ["/lanes"]:
                return self._lanes.listing()
            case ["/why"]:
                return "\n".join(self._journal.of_turn(self._state.turn - 1)) or "Nothing was decided."
            case ["/mend"]:
                return f"Memories lost with what could not be read: {self._memory.mend()}."
        return HELP

    def _remember(self, key: str, words: str) -> str:
        self._consent.check("remember")
        kept = self._gates.write("notes", key, {"said": words})
        return f"Noted under {key}." if kept else "I may not keep that."

    def _recall(self, key: str = "") -> str:
        data = self._memory.read("notes", key) if key else self._memory.read("altitude", "session")
        return f"I remember: {data['said']}" if data else "I remember nothing of that."

    def _lane(self, words: list[str]) -> str:
        match words:
            case ["new", *name] if name:
                self._consent.check("name a lane")
                return self._lanes.new(" ".join(name))
            case ["resume", *name] if name:
                self._consent.check("switch lanes")
                return self._lanes.resume(" ".join(name))
            case ["pause"]:
                self._consent.check("switch lanes")
                return self._lanes.pause()
        return HELP
