"""What (layer, operation) means under the settings in force, looked up once."""

from __future__ import annotations

import contextlib
import sys
from os.path import basename
from types import CodeType
from typing import TYPE_CHECKING, Any

import msgspec

from dopejar_tracing.model.event import INFO, LEVELS, SUCCESS, Level, Status
from dopejar_tracing.model.values import plain_text, summary_of
from dopejar_tracing.settings import Settings

if TYPE_CHECKING:
    from dopejar_tracing.model.redact import Redactor

MAX_REMEMBERED = 4_096
"""Names remembered; an application that makes up ever new ones must not fill the memory."""

_STATUSES = {status.value: status.value for status in Status}


class Site(msgspec.Struct, frozen=True):
    """A place in the application that emits."""

    layer: str
    prefix: str
    operation: str
    threshold: Level
    unknown: dict[str, str]
    """What the caller named that does not exist, for the metadata."""


class Sites(dict[tuple[str, str], Site]):
    """(layer, operation) as given, if both are texts → its Site; for anything else there is `resolve`.

    Whoever looks one up asks for the types first, as the hash of anything else may be foreign. No method does
    that for them: it would cost each span and event a call.
    """

    def __init__(self, settings: Settings, redactor: Redactor | None = None) -> None:
        super().__init__()
        self._redactor = redactor
        self._settings = settings
        self._layers = settings.known_layers()

    def __missing__(self, key: tuple[str, str]) -> Site:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        site = self[key] = self.resolve(*key)
        return site

    def resolve(self, layer: object, operation: object) -> Site:
        """The Site, without a look into the memory: for keys whose hash cannot be trusted."""
        resolved = self._layers.resolve(layer)
        name = summary_of(operation, 100)
        threshold = self._settings.threshold(resolved.name, resolved.prefix, name)
        known = self._layers.get(layer) is not None
        unknown = {} if known else {"unknown_layer": summary_of(layer, 100)}
        shown = summary_of(self._redactor.summary(operation, 100), 100) if self._redactor else name
        return Site(resolved.name, resolved.prefix, shown, threshold, unknown)


def level_of(level: object, unknown: dict[str, Any]) -> Level:
    """The level named; `info` for None, and for what is none, which is then noted."""
    if level is None:
        return INFO
    known = LEVELS.get(level if type(level) is str else plain_text(level))
    if known is None:
        unknown["unknown_level"] = summary_of(level, 100)
        return INFO
    return known


def status_of(status: object, unknown: dict[str, Any]) -> str:
    """The status named; `success` for what is none, which is then noted."""
    known = _STATUSES.get(status if type(status) is str else plain_text(status))
    if known is None:
        unknown["unknown_status"] = summary_of(status, 100)
        return SUCCESS
    return known


COMPONENTS: dict[str, str] = {}
"""What `component_of` has found: a file's path → its basename."""


def component_of(code: CodeType) -> str:
    """Basename of the file that the code stands in."""
    name = COMPONENTS.get(code.co_filename)
    if name is None:
        if len(COMPONENTS) >= MAX_REMEMBERED:
            COMPONENTS.clear()
        name = COMPONENTS[code.co_filename] = basename(code.co_filename)
    return name


CONTEXTLIB = contextlib.__file__
"""The file of ExitStack, which enters a span for another."""


def caller() -> CodeType:
    """The code that called the function that asks; not an ExitStack's."""
    try:
        frame = sys._getframe(2)
    except ValueError:  # the interpreter itself did, as at its exit
        return sys._getframe(1).f_code
    while frame.f_code.co_filename == CONTEXTLIB and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code
