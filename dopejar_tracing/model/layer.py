"""The layers of an assistant, in both spellings (contract §1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from dopejar_tracing.model.values import plain_text

LAYER_NAME = re.compile(r"[a-z][a-z0-9_]*")
LAYER_PREFIX = re.compile(r"[a-z][a-z0-9]{1,7}")


class Layer(msgspec.Struct, frozen=True):
    """One layer: the long name that the file holds, and the prefix of its IDs."""

    name: str
    prefix: str


LAYERS: tuple[Layer, ...] = (
    Layer("altitude", "alt"),
    Layer("focus", "foc"),
    Layer("reasoning", "rsn"),
    Layer("learning", "lrn"),
    Layer("memory", "mem"),
    Layer("system", "sys"),
)
SYSTEM = LAYERS[-1]


class Layers:
    """The layers that exist here: the six of the seed and those an application declares.

    Args:
        declared: long name → prefix, as under `layers:` in the settings; see `conflict`.
    """

    def __init__(self, declared: Mapping[str, str] | None = None) -> None:
        own = (Layer(name, prefix) for name, prefix in (declared or {}).items())
        self.known: tuple[Layer, ...] = (*LAYERS, *own)
        self._by_spelling = {layer.prefix: layer for layer in self.known}
        self._by_spelling |= {layer.name: layer for layer in self.known}

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.known)

    def get(self, spelling: object) -> Layer | None:
        """The declared layer of either spelling, or None."""
        return self._by_spelling.get(plain_text(spelling))

    def resolve(self, spelling: object) -> Layer:
        """The layer that an event is filed under, whatever was given.

        A lower-case name that nobody declared makes a layer of its own, with its first three letters
        as prefix; anything else is `system`.
        """
        name = plain_text(spelling)
        layer = self._by_spelling.get(name)
        if layer is None and LAYER_NAME.fullmatch(name):
            layer = Layer(name, name.replace("_", "")[:3])
        return layer or SYSTEM


def conflict(name: str, prefix: str) -> str | None:
    """Say what is expected where `name: prefix` cannot be declared as a layer, or None if it can."""
    if not LAYER_NAME.fullmatch(name):
        return "a lower-case name (a-z, 0-9, _)"
    if not LAYER_PREFIX.fullmatch(prefix):
        return "a prefix of 2 to 8 characters (a-z, 0-9)"
    for layer in LAYERS:
        if {name, prefix} & {layer.name, layer.prefix} and (name, prefix) != (
            layer.name,
            layer.prefix,
        ):
            return f"another name and prefix than those of the layer {layer.name} ({layer.prefix})"
    return None
