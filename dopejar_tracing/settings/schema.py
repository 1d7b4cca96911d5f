"""What can be set, and one check for each key.

A new setting is a field of `Settings`, a line in `CHECKS`, and its words in the project's `settings.yaml`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from dopejar_tracing.model.event import LEVELS, Level
from dopejar_tracing.model.layer import Layers, conflict
from dopejar_tracing.model.redact import Redactor
from dopejar_tracing.settings.checks import (
    Check,
    Problems,
    boolean,
    check_each,
    mapping,
    number,
    one_of,
    size,
)
from dopejar_tracing.settings.redact import Redact, check_redact
from dopejar_tracing.settings.rotate import Rotate, check_rotate
from dopejar_tracing.settings.theme import ROLES, check_theme

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
    max_metadata_bytes: int = 65_536
    redact: Redact | Literal[False] = Redact()
    rotate: Rotate | None = None
    propagate_threads: bool = False
    capture_logging: bool = False
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

    def redactor(self) -> Redactor | None:
        """What masks secrets, as the settings say; None if nothing is masked."""
        if not self.redact:
            return None
        return Redactor(self.redact.keys, self.redact.compiled(), self.redact.keep)

    def threshold(self, layer: str, prefix: str, operation: str) -> Level:
        """The least level at which an operation is recorded: the narrowest rule wins."""
        for rule in (f"{layer}.{operation}", f"{prefix}.{operation}", layer, prefix):
            if rule in self.levels:
                return LEVELS[self.levels[rule]]
        return LEVELS[self.level]


KEYS: tuple[str, ...] = Settings.__struct_fields__


def _output(key: str, value: object, problems: Problems) -> object:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if value is not None and not (isinstance(value, str) and value and "\0" not in value):
        problems.add(key, "a path, or null for no file", value)
    return os.path.expanduser(value) if isinstance(value, str) else value  # noqa: PTH111 - a text stays one


def _levels(key: str, value: object, problems: Problems) -> object:
    check = one_of(LevelName)
    rules = mapping(key, value, problems, "layer or layer.operation to a level")
    return {rule: check(f"{key}.{rule}", level, problems) for rule, level in rules.items()}


def _layers(key: str, value: object, problems: Problems) -> object:
    declared = mapping(key, value, problems, "layer names to ID prefixes")
    for name, prefix in declared.items():
        expected = conflict(str(name), str(prefix))
        if expected:
            problems.add(key, expected, {name: prefix})
    spellings = [spelling for layer in declared.items() for spelling in {*map(str, layer)}]
    if len(set(spellings)) < len(spellings):
        problems.add(key, "a name and a prefix of its own for each layer", declared)
    return declared


CHECKS: Mapping[str, Check] = {
    "enabled": boolean,
    "output": _output,
    "console": one_of(ConsoleMode),
    "level": one_of(LevelName),
    "levels": _levels,
    "layers": _layers,
    "summary_chars": number(8, 100_000),
    "max_metadata_bytes": size(1_000),
    "redact": check_redact,
    "rotate": check_rotate,
    "propagate_threads": boolean,
    "capture_logging": boolean,
    "id_random": number(4, 16, nullable=True),
    "theme": check_theme,
}


def check_values(values: Mapping[Any, Any], problems: Problems, label: str | None = None) -> dict[str, Any]:
    """The values that can be used, each checked; what is wrong is added to `problems`.

    Args:
        values: by key.
        problems: where to complain.
        label: what to call the key there, if a person knows it by another name.
    """
    return check_each(values, CHECKS, problems, label)


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
