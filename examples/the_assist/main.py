"""Talk to the assistant: `python -m the_assist.main [--trace]`, with a person or a pipe on standard input."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dopejar_tracing import add_trace_flag, configure
from the_assist.altitude import AltitudeGovernor
from the_assist.gates import GateController
from the_assist.manager import MemoryManager

HELP = "Say what is on your mind. /consent on|off, /recall, /quit; Ctrl-D ends as well."


class Assistant:
    """The layers, put together."""

    def __init__(self, folder: Path) -> None:
        self.memory = MemoryManager(folder)
        self.gates = GateController(self.memory)
        self.governor = AltitudeGovernor(self.gates)

    def answer(self, line: str) -> str:
        """Take one line of a person; returns the reply."""
        match line.split():
            case ["/consent", ("on" | "off") as choice]:
                self.gates.consent = choice == "on"
                return f"Consent to writing is {choice}."
            case ["/recall"]:
                return f"I remember: {self.memory.read('altitude', 'session')}"
            case [command, *_] if command.startswith("/"):
                return HELP
        return self.governor.hear(line)


def main() -> int:
    """Read lines until they end."""
    parser = argparse.ArgumentParser(prog="the_assist", description=HELP)
    parser.add_argument("--settings", metavar="FILE", help="read this settings file")
    parser.add_argument("--memory", metavar="FOLDER", type=Path, default=Path("memory"), help="keep it here")
    add_trace_flag(parser)
    options = parser.parse_args()
    if options.settings:
        configure(options.settings)
    assistant = Assistant(options.memory)
    person = sys.stdin.isatty()
    try:
        while (line := input("you> ").strip()) != "/quit":
            if not person:
                print(line)  # a pipe does not echo what comes through it
            if line:
                print(assistant.answer(line), flush=True)
    except (EOFError, KeyboardInterrupt):
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
