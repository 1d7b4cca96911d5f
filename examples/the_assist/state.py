"""All that the assistant is between two turns, in one file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from the_assist.files import read_json, torn, write_json


@dataclass
class Lane:
    """A piece of work."""

    level: str = "L3"
    """Where it was left."""
    paused: bool = False
    used: int = 0
    """The last turn in it; so everywhere: turns, not clocks, so that a conversation can be repeated."""


@dataclass
class Pattern:
    """Something that came out the same way before."""

    hits: int = 0
    used: int = 0


@dataclass
class Place:
    """Where a memory lies."""

    tier: str
    used: int
    reads: int = 0


@dataclass
class State:
    """All of it."""

    turn: int = 0
    consent: bool = True
    level: str = "L3"
    established: list[str] = field(default_factory=lambda: ["L4", "L3"])
    stance: str = "sensemaking"
    unevaluated: int = 0
    """Deeds since the last evaluation."""
    emergency: bool = False
    """One was declared, and not evaluated yet."""
    lane: str = "main"
    lanes: dict[str, Lane] = field(default_factory=lambda: {"main": Lane()})
    patterns: dict[str, Pattern] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    """By address, such as `notes.groceries`."""

    def save(self, folder: Path) -> None:
        """Keep it in the folder."""
        write_json(_path(folder), asdict(self))


KINDS: dict[str, type] = {"lanes": Lane, "patterns": Pattern, "places": Place}


def load_state(folder: Path) -> State:
    """What the folder holds; a new state if it holds none.

    Raises:
        TornFileError: the file is torn, or not one of ours.
    """
    try:
        state = State(**read_json(_path(folder)))
        for name, kind in KINDS.items():
            setattr(state, name, {key: _made(kind, value) for key, value in getattr(state, name).items()})
    except TypeError as error:
        raise torn(_path(folder)) from error
    return state


def _made(kind: type, value: Any) -> object:
    return value if isinstance(value, kind) else kind(**value)


def _path(folder: Path) -> Path:
    return folder / "state.json"
