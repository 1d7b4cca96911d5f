"""All sources → the settings in force. The narrower source wins (contract §5).

arguments of `configure` > `--trace` / `--no-trace` > environment > `settings.yaml` > defaults
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from dopejar_tracing.errors import SettingsError
from dopejar_tracing.settings.checks import Problems
from dopejar_tracing.settings.schema import KEYS, NAMING_LAYERS, Settings, check_values

SETTINGS_FILES = ("settings.yaml", "config/settings.yaml")
SETTINGS_VARIABLE = "DOPEJAR_SETTINGS"
VARIABLES = {
    "DOPEJAR_TRACE": "enabled",
    "DOPEJAR_TRACE_OUTPUT": "output",
    "DOPEJAR_TRACE_CONSOLE": "console",
    "DOPEJAR_TRACE_LEVEL": "level",
}
_SWITCH = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}

Source = str | os.PathLike[str] | Mapping[str, Any] | Settings


class Effective(msgspec.Struct, frozen=True):
    """The settings in force, and where each came from."""

    settings: Settings
    origins: Mapping[str, str]
    """Key → `default`, a file's name, a variable, `--trace`, `configure()`."""
    file: Path | None
    """The settings file in use, if any."""
    problems: tuple[str, ...] = ()
    """What was wrong and therefore left aside; empty unless asked for with `lenient`."""


def load(
    source: Source | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    flag: bool | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
    lenient: bool = False,
) -> Effective:
    """Merge all sources into the settings in force.

    Args:
        source: a settings file instead of the usual ones; or settings themselves, which count as arguments.
        overrides: single settings, the strongest source.
        flag: what `--trace` or `--no-trace` said, if anything.
        environ: the environment.
        file: the usual settings file, if it was found before.
        lenient: leave a source with a wrong key or value aside, instead of raising.

    Raises:
        SettingsError: a line for each wrong key or value, of all sources.
    """
    path, arguments = _split(source, overrides, file or find_file(environ))
    values: dict[str, Any] = {}
    origins = dict.fromkeys(KEYS, "default")
    places = dict.fromkeys(NAMING_LAYERS, "")
    found: list[str] = []

    def take(values_here: Mapping[Any, Any], place: str, origin: str, label: str | None = None) -> None:
        before = len(found)
        checked = check_values(values_here, Problems(place, found), label)
        if len(found) == before:
            values.update(checked)
            origins.update(dict.fromkeys(checked, origin))
            places.update(dict.fromkeys(checked, place))

    if path is not None:
        take(_read(path, found), f"{path}: tracing.", str(path))
    for variable, key, value in _environment(environ):
        take({key: value}, "environment: ", variable, variable)
    if flag is not None:
        values["enabled"], origins["enabled"] = flag, "--trace" if flag else "--no-trace"
        if flag and values.get("console", "auto") == "auto":
            values["console"], origins["console"] = "always", "--trace"
    take(arguments, "configure(): ", "configure()")

    merged = Settings(**values)
    for key, check in NAMING_LAYERS.items():
        before = len(found)
        check(merged, Problems(places[key], found))
        if len(found) > before:
            values[key], origins[key] = {}, "default"
    if found and not lenient:
        raise SettingsError("\n".join(found))
    return Effective(Settings(**values), origins, path, tuple(found))


def _split(
    source: Source | None, overrides: Mapping[str, Any] | None, path: Path | None
) -> tuple[Path | None, dict[str, Any]]:
    """The settings file to read, and the arguments given."""
    given: Mapping[str, Any] = {}
    if isinstance(source, Settings):
        given = {key: getattr(source, key) for key in KEYS}
    elif isinstance(source, Mapping):
        given = source["tracing"] if isinstance(source.get("tracing"), Mapping) else source
    elif source is not None:
        path = Path(source)
    return path, {**given, **(overrides or {})}


def find_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The settings file that is read unless another is named; None if there is none."""
    named = environ.get(SETTINGS_VARIABLE)
    if named:
        return Path(named)
    return next((Path(path) for path in SETTINGS_FILES if os.path.isfile(path)), None)  # noqa: PTH113 - never raises


def _environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    for variable, key in VARIABLES.items():
        text = environ.get(variable, "").strip()
        if text:  # an empty variable is one that was not set, as everywhere
            value: Any = text
            if key == "enabled":
                value = _SWITCH.get(text.lower(), text)
            elif key == "output" and text.lower() in {"null", "none"}:
                value = None
            yield variable, key, value


def _read(path: Path, found: list[str]) -> Mapping[Any, Any]:
    """The file's `tracing:` mapping; what is wrong with the file as a whole is added to `found`."""
    import yaml

    class Lenient(yaml.SafeLoader):
        """The file is the application's: tags of its own (`!ENV`) may stand beside what is ours."""

    Lenient.add_multi_constructor("", lambda *_: None)
    try:
        with path.open("rb") as file:
            document = next(yaml.load_all(file, Lenient), None)
    except OSError as error:
        found.append(f"{path}: cannot be read: {error.strerror}")
        return {}
    except Exception as error:  # yaml's constructors raise what they like: KeyError for `!!bool foo`
        found.append(f"{path}: not valid YAML: {' '.join(str(error).split())}")
        return {}
    tracing = document.get("tracing") if isinstance(document, dict) else None
    if not isinstance(tracing, dict | None):
        Problems(f"{path}: ", found).add("tracing", "a mapping", tracing)
        return {}
    return tracing or {}
