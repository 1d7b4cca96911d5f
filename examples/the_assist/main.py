"""Talk to the assistant: `python -m the_assist.main [--trace]`, with a person or a pipe on standard input."""

from __future__ import annotations

import argparse
import sys
from io import TextIOWrapper
from pathlib import Path

from dopejar_tracing import add_trace_flag, configure
from dopejar_tracing.errors import SettingsError
from the_assist.assistant import Assistant
from the_assist.files import TornFileError


def main() -> int:
    """Read the command line and talk."""
    parser = argparse.ArgumentParser(prog="the_assist", description="A small assistant; /help says more.")
    parser.add_argument("--settings", metavar="FILE", help="read this settings file")
    parser.add_argument("--memory", metavar="FOLDER", type=Path, default=Path("memory"), help="keep it here")
    add_trace_flag(parser)
    options = parser.parse_args()
    try:
        if options.settings:
            configure(options.settings)
        assistant = Assistant(options.memory)
    except (SettingsError, TornFileError, OSError) as error:
        parser.error(str(error))
    talk(assistant)
    return 0


def talk(assistant: Assistant) -> None:
    """Read lines until they end."""
    person = sys.stdin.isatty()
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a pipe may bring any bytes
    try:
        # The prompt stands outside of every span: nobody wants a tree that waits for a person.
        while (line := input("you> ").strip()) != "/quit":
            if not person:
                print(line, flush=True)  # a pipe does not echo what comes through it
            if line:
                print(assistant.hear(line), flush=True)
    except (EOFError, KeyboardInterrupt):
        print()


if __name__ == "__main__":
    sys.exit(main())
