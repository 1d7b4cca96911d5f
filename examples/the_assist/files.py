"""JSON files that are either the old one or the new one, never half of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class TornFileError(Exception):
    """A file cannot be understood; its message names the file, and never holds a person's words."""


def read_json(path: Path) -> dict[str, Any]:
    """What is in the file; nothing if there is none.

    Raises:
        TornFileError: it is no JSON, or another kind than we write.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:  # torn, or no text at all
        raise torn(path) from error
    if not isinstance(values, dict):
        raise torn(path)
    return values


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Put the values in the place of what is there, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")
    fresh.replace(path)


def torn(path: Path) -> TornFileError:
    """What to raise for a file that cannot be understood."""
    return TornFileError(f"{path.parent.name}/{path.name} cannot be read")
