"""What is wrong with a value, in words for the person who wrote it; and the checks that many keys share."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from dopejar_tracing.model.suggest import suggestion
from dopejar_tracing.model.values import cut


class Problems:
    """Collects what is wrong in one place, in words for the person who wrote it.

    Args:
        place: what stands before a key: `settings.yaml: tracing.`
        found: the list that takes the problems.
    """

    def __init__(self, place: str, found: list[str]) -> None:
        self.place = place
        self.found = found

    def add(self, key: str, expected: str, value: object, choices: Iterable[str] = ()) -> None:
        """Note a wrong value; `choices` are searched for what may have been meant."""
        # reprlib: a few lines of YAML can make a mapping that is larger than memory when it is written out.
        got = cut(repr(value) if isinstance(value, str) else reprlib.repr(value), 60)
        self.found.append(f"{self.place}{key}: expected {expected}; got {got}{suggestion(value, choices)}")

    def unknown(self, key: object, known: Iterable[str]) -> None:
        """Note a key that does not exist."""
        known = list(known)
        allowed = ", ".join(known)
        self.found.append(
            f"{self.place}{key}: unknown key; expected one of {allowed}{suggestion(key, known)}"
        )


Check = Callable[[str, Any, Problems], Any]
"""(key, value, where to complain) → the value to use."""

_OR_NULL = ", or null"


def boolean(key: str, value: object, problems: Problems) -> object:
    """True or false."""
    if not isinstance(value, bool):
        problems.add(key, "true or false", value, ("true", "false"))
    return value


def one_of(kind: Any, *, nullable: bool = False) -> Check:
    """One of the texts of a Literal type, in any case."""
    choices = get_args(kind)

    def check(key: str, value: object, problems: Problems) -> object:
        chosen = value.lower() if isinstance(value, str) else value
        fits = isinstance(chosen, str) and chosen in choices
        if not fits and not (nullable and value is None):
            problems.add(key, f"one of {', '.join(choices)}{_OR_NULL if nullable else ''}", value, choices)
        return chosen

    return check


def number(low: int, high: int, *, nullable: bool = False) -> Check:
    """A whole number within bounds."""

    def check(key: str, value: object, problems: Problems) -> object:
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        if not fits and not (nullable and value is None):
            problems.add(key, f"a whole number from {low} to {high}{_OR_NULL if nullable else ''}", value)
        return value

    return check


def mapping(key: str, value: object, problems: Problems, of: str) -> Mapping[Any, Any]:
    """A mapping; None is an empty one, as YAML has it where nothing stands behind a key."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        problems.add(key, f"a mapping of {of}", value)
        return {}
    return dict(value)


def texts(key: str, value: object, problems: Problems) -> object:
    """A list of texts; one text alone is a list of one."""
    found = [value] if isinstance(value, str) else value
    if value is None:
        return ()
    if not isinstance(found, list | tuple) or not all(isinstance(text, str) and text for text in found):
        problems.add(key, "a list of texts", value)
        return ()
    return tuple(found)


def check_each(
    values: Mapping[Any, Any], checks: Mapping[str, Check], problems: Problems, label: str | None = None
) -> dict[str, Any]:
    """The values that can be used, each checked; what is wrong is added to `problems`."""
    good: dict[str, Any] = {}
    for key, value in values.items():
        if key not in checks:
            problems.unknown(key, checks)
            continue
        count = len(problems.found)
        checked = checks[key](label or key, value, problems)
        if len(problems.found) == count:
            good[key] = checked
    return good


_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "ki": 2**10, "mi": 2**20, "gi": 2**30}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*(|[kmg]i?)b?", re.IGNORECASE)


def size(low: int, *, nullable: bool = False) -> Check:
    """Bytes: a whole number, or a text such as 100MB (10⁶) or 64KiB (2¹⁰); at least `low`."""

    def check(key: str, value: object, problems: Problems) -> object:
        match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
        count = int(float(match[1]) * _UNITS[match[2].lower()]) if match else value
        fits = isinstance(count, int) and not isinstance(count, bool) and count >= low
        if not fits and not (nullable and value is None):
            expected = f"a size of at least {low} bytes, such as 100MB or 64KiB{_OR_NULL if nullable else ''}"
            problems.add(key, expected, value)
        return count

    return check
