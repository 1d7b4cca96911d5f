"""The words of a person who revoked their consent, looked for wherever they could be."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from examples.driver import EVERYTHING, Entry, converse, files_in, journal
from helpers import Line, read_lines

ON = [
    "/remember passport Drawer behind the wardrobe",
    "/lane new hidden garden",
    "Prepare the orchard, please",
    "Our vision is a meadow",
]
OFF = [
    "/recall passport",
    "/recall",
    "/remember zebra Quokka and numbat",
    "/lane new walrus colony",
    "/lane resume hidden garden",
    "/lane resume walrus colony",
    "/lane pause",
    "/lane resume hidden garden",
    "/lanes",
    "/why",
    "/narwhal tusk",
    "/consent perhaps",
    "Organize the axolotl, schedule the pangolin",
    "Begin with the okapi today, start tomorrow",
    "Imagine an ocelot for everyone",
    "Why would the meadow be broken, urgent, down?",
    "Gibberish",
    *["/lanes"] * 9,  # until something is demoted and trimmed
    "/recall passport",
    "/recall zebra",
    "Prepare the tapir",
    "/mend",
    "/recall passport",
]
OWN = frozenset("lane new resume pause remember recall lanes why mend consent".split())
"""Words of commands: no person's own."""
PLAIN = frozenset("a an and be but for is our please the with".split())
"""Words that the memory leaves out."""
OTHER_CUES = {
    "organize": "schedule", "schedule": "organise", "today": "write", "start": "today",
    "prepare": "project", "imagine": "explore", "everyone": "contract", "why": "who", "vision": "vision",
    "broken": "urgent", "urgent": "broken", "down": "fire",
}  # fmt: skip


def _converse(folder: Path, disguised: Callable[[str], str]) -> tuple[str, list[Line], str, list[Entry]]:
    """All replies; lines, drawing and journal since the revocation, without what differs in any two runs."""
    converse(folder, "".join(disguised(line) + "\n" for line in ON) + "/consent off\n", *EVERYTHING)
    traced, noted = len(read_lines(folder / "trace.jsonl")), len(journal(folder))
    (folder / "memory/warm/altitude.json").write_text('{"torn')
    done = converse(folder, "".join(disguised(line) + "\n" for line in OFF), *EVERYTHING)
    lines = read_lines(folder / "trace.jsonl")[traced:]
    places = {line["trace_id"]: at for at, line in enumerate(lines)}
    for line in lines:
        line["parent_id"] = places.get(line["parent_id"])
        line["metadata"].pop("duration_us", None)
        del line["trace_id"], line["timestamp"], line["duration_ms"]
    drawn = re.sub(r" \(\d+\S+\)", "", done.stderr)
    return done.stdout, lines, drawn, journal(folder)[noted:]


def disguise(line: str) -> str:
    """Other words, each as long as the one it stands for, that mean the same to the assistant."""
    kept = OWN | PLAIN if line.startswith("/") else PLAIN

    def other(match: re.Match[str]) -> str:
        word = match[0].lower()
        mirrored = "".join(chr(ord("a") + ord("z") - ord(letter)) for letter in word)
        return word if word in kept else OTHER_CUES.get(word, mirrored)

    return re.sub("[A-Za-z]+", other, line)


class TestConsent:
    """A person's words are in the trace only while they consent."""

    def test_revoked(self, tmp_path: Path) -> None:
        """Once revoked, two people who say different words of the same lengths leave the same trace."""
        one, other = tmp_path / "one", tmp_path / "other"
        said, trace, drawn, noted = _converse(one, str)
        said_too, trace_too, drawn_too, noted_too = _converse(other, disguise)
        assert said.lower() != said_too.lower()
        assert (trace, drawn, noted) == (trace_too, drawn_too, noted_too)
        assert {line["operation"] for line in trace} >= {
            "read", "promote", "demote", "lane_switch", "escalate", "pattern_trim", "stance_change",
        }  # fmt: skip
        assert not re.search(
            "passport|wardrobe|hidden|orchard|walrus|zebra|narwhal|axolotl", f"{trace}{drawn}{noted}"
        )
        assert "Drawer behind wardrobe" in said  # the person hears their own words

    def test_length(self, tmp_path: Path) -> None:
        """What is left of line and reply is how long they were."""
        converse(tmp_path, "/consent off\n")
        done = converse(tmp_path, "\n".join(OFF), "--trace")
        replies = re.split(r"^you> .*\n", done.stdout, flags=re.MULTILINE)[1:-1]
        turns = [line for line in read_lines(tmp_path / "trace.jsonl") if line["operation"] == "turn"]
        assert [line["input_summary"] for line in turns] == [f"{len(said)} characters" for said in OFF]
        assert [line["output_summary"] for line in turns] == [
            f"{len(reply) - 1} characters" for reply in replies
        ]

    def test_granted_again(self, tmp_path: Path) -> None:
        """Nothing that was said in between comes up when it is granted again, or lies in the memory."""
        converse(tmp_path, "/consent off\n")
        back = ["/consent on", "/lanes", "/recall", "/why"]
        converse(tmp_path, "\n".join([*OFF, *back]), "--trace")
        said = re.compile("quokka|walrus|axolotl|pangolin|okapi|tapir", re.IGNORECASE)
        assert not said.search((tmp_path / "trace.jsonl").read_text("utf-8"))
        assert not said.search(b"".join(files_in(tmp_path / "memory").values()).decode())
