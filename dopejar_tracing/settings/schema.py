"""What can be set, and one check for each key.

A new setting is a field of `Settings`, a line in `CHECKS`, and its words in the project's `settings.yaml`.
"""

from __future__ import annotations

import os
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Literal, get_args

import msgspec

from dopejar_tracing.model.event import LEVELS, Level
from dopejar_tracing.model.layer import Layers, conflict
from dopejar_tracing.model.values import cut

ROLES = ("other", "error", "blocked", "branch", "time", "quick", "note", "open", "repeated")
"""What a piece of the picture can mean, beside the layers; `theme` names a style for each."""

ConsoleMode = Literal["auto", "always", "never"]
LevelName = Literal["debug", "info", "warn", "error"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that can be set, with its defaults; the project's `settings.yaml` says what each is for."""

    enabled: bool = False
    output: str | None = "trace.jsonl"
    console: ConsoleMode = "auto"
    level: LevelName = "info"
    levels: Mapping[str, LevelName] = {}
    layers: Mapping[str, str] = {}
    summary_chars: int = 100
    id_random: int | None = None
    theme: Mapping[str, str] = {}

    def known_layers(self) -> Layers:
        """The six layers of the seed, and those declared under `layers`."""
        return Layers(self.layers)

    def styles(self) -> dict[str, str]:
        """The theme, its layers by their long names."""
        layers = self.known_layers()
        named = ((layers.get(role), role, style) for role, style in self.theme.items())
        return {layer.name if layer else role: style for layer, role, style in named}

    def threshold(self, layer: str, prefix: str, operation: str) -> Level:
        """The least level at which an operation is recorded: the narrowest rule wins."""
        for rule in (f"{layer}.{operation}", f"{prefix}.{operation}", layer, prefix):
            if rule in self.levels:
                return LEVELS[self.levels[rule]]
        return LEVELS[self.level]


KEYS: tuple[str, ...] = Settings.__struct_fields__


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
        self.found.append(f"{self.place}{key}: expected {expected}; got {got}{_hint(value, choices)}")

    def unknown(self, key: object, known: Iterable[str]) -> None:
        """Note a key that does not exist."""
        known = list(known)
        allowed = ", ".join(known)
        self.found.append(f"{self.place}{key}: unknown key; expected one of {allowed}{_hint(key, known)}")


def _hint(value: object, choices: Iterable[str]) -> str:
    near = get_close_matches(value.lower(), choices, n=1) if isinstance(value, str) else []
    return f" (did you mean {near[0]!r}?)" if near and near[0] != value else ""


Check = Callable[[str, Any, Problems], Any]
"""(key, value, where to complain) → the value to use."""


def _boolean(key: str, value: object, problems: Problems) -> object:
    if not isinstance(value, bool):
        problems.add(key, "true or false", value, ("true", "false"))
    return value


def _output(key: str, value: object, problems: Problems) -> object:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if value is not None and not (isinstance(value, str) and value and "\0" not in value):
        problems.add(key, "a path, or null for no file", value)
    return os.path.expanduser(value) if isinstance(value, str) else value  # noqa: PTH111 - a text stays one


def _one_of(kind: Any) -> Check:
    choices = get_args(kind)

    def check(key: str, value: object, problems: Problems) -> object:
        chosen = value.lower() if isinstance(value, str) else value
        if not isinstance(chosen, str) or chosen not in choices:
            problems.add(key, f"one of {', '.join(choices)}", value, choices)
        return chosen

    return check


def _number(low: int, high: int, *, nullable: bool = False) -> Check:
    def check(key: str, value: object, problems: Problems) -> object:
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        if not fits and not (nullable and value is None):
            problems.add(key, f"a whole number from {low} to {high}{', or null' if nullable else ''}", value)
        return value

    return check


def _mapping(key: str, value: object, problems: Problems, of: str) -> Mapping[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        problems.add(key, f"a mapping of {of}", value)
        return {}
    return dict(value)


def _levels(key: str, value: object, problems: Problems) -> object:
    check = _one_of(LevelName)
    rules = _mapping(key, value, problems, "layer or layer.operation to a level")
    return {rule: check(f"{key}.{rule}", level, problems) for rule, level in rules.items()}


def _layers(key: str, value: object, problems: Problems) -> object:
    declared = _mapping(key, value, problems, "layer names to ID prefixes")
    for name, prefix in declared.items():
        expected = conflict(str(name), str(prefix))
        if expected:
            problems.add(key, expected, {name: prefix})
    spellings = [spelling for layer in declared.items() for spelling in {*map(str, layer)}]
    if len(set(spellings)) < len(spellings):
        problems.add(key, "a name and a prefix of its own for each layer", declared)
    return declared


_ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")
_HUES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_COLOURS = ("default", *_HUES, *(f"bright_{hue}" for hue in _HUES))
_COLOUR = rf"(?:{'|'.join(_COLOURS)}|color\((?:1?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])\)|#[0-9a-f]{{6}})"
_PART = rf"(?:(?:not )?(?:{'|'.join(_ATTRIBUTES)})|(?:on )?{_COLOUR})"
_STYLES = re.compile(rf"{_PART}(?: {_PART})*")
_STYLE = (
    f"attributes ({', '.join(_ATTRIBUTES)}) and colours ({', '.join(_COLOURS)}, color(0) to color(255), "
    "#rrggbb), such as 'bold red' or 'white on blue'"
)


def _theme(key: str, value: object, problems: Problems) -> object:
    styles = _mapping(key, value, problems, "what a text means to a style")
    for role, style in styles.items():
        if not isinstance(style, str) or not _STYLES.fullmatch(" ".join(style.lower().split())):
            problems.add(
                f"{key}.{role}",
                _STYLE,
                style,
                (*_ATTRIBUTES, *_COLOURS),
            )
    return {role: style.lower() if isinstance(style, str) else style for role, style in styles.items()}


CHECKS: Mapping[str, Check] = {
    "enabled": _boolean,
    "output": _output,
    "console": _one_of(ConsoleMode),
    "level": _one_of(LevelName),
    "levels": _levels,
    "layers": _layers,
    "summary_chars": _number(8, 100_000),
    "id_random": _number(4, 16, nullable=True),
    "theme": _theme,
}


def check_values(values: Mapping[Any, Any], problems: Problems, label: str | None = None) -> dict[str, Any]:
    """The values that can be used, each checked; what is wrong is added to `problems`.

    Args:
        values: by key.
        problems: where to complain.
        label: what to call the key there, if a person knows it by another name.
    """
    good: dict[str, Any] = {}
    for key, value in values.items():
        if key not in CHECKS:
            problems.unknown(key, KEYS)
            continue
        count = len(problems.found)
        checked = CHECKS[key](label or key, value, problems)
        if len(problems.found) == count:
            good[key] = checked
    return good


def check_rules(settings: Settings, problems: Problems) -> None:
    """Each rule under `levels` must name a layer that exists; layers may come from another source."""
    layers = settings.known_layers()
    spellings = [spelling for layer in layers for spelling in (layer.name, layer.prefix)]
    for rule in settings.levels:
        layer = rule.partition(".")[0] if isinstance(rule, str) else rule
        if layers.get(layer) is None:
            problems.add(f"levels.{rule}", f"a layer ({_names(layers)})", layer, spellings)


def check_roles(settings: Settings, problems: Problems) -> None:
    """Each style under `theme` must be for a layer that exists, or for what a text can mean."""
    layers = settings.known_layers()
    choices = [*(spelling for layer in layers for spelling in (layer.name, layer.prefix)), *ROLES]
    for role in settings.theme:
        if role not in choices:
            expected = f"a layer ({_names(layers)}), or {', '.join(ROLES)}"
            problems.add(f"theme.{role}", expected, role, choices)


def _names(layers: Layers) -> str:
    return f"{', '.join(layer.name for layer in layers)}; more under layers"


NAMING_LAYERS: Mapping[str, Callable[[Settings, Problems], None]] = {
    "levels": check_rules,
    "theme": check_roles,
}
"""Settings that name layers, and can be checked only when all sources are known."""
