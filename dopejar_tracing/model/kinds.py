"""What an object is made of, found without running code of its own: by what its class declares.

numpy, pydantic and attrs are recognised, never imported.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any, cast

import msgspec

# Read past metaclasses, which may be foreign too.
_BASES = type.__dict__["__mro__"]
_OWN = type.__dict__["__dict__"]
QUALNAME = type.__dict__["__qualname__"]
"""A class's qualified name, whatever its own attributes say."""


def declared(kind: type, *names: str) -> Any:
    """The first of these names that the class or a base of it declares; no code of theirs is run."""
    for name in names:
        for base in _BASES.__get__(kind):
            found = _OWN.__get__(base).get(name)
            if found is not None:
                return found
    return None


def fields_of(kind: type) -> Sequence[str] | None:
    """What a class of named fields calls them, but those kept out of its repr, as secrets are; else None."""
    if issubclass(kind, tuple):
        names = declared(kind, "_fields")
        return names if type(names) is tuple else None
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    if declared(kind, "__dataclass_fields__") is not None:
        return [field.name for field in dataclasses.fields(cast("Any", kind)) if field.repr]
    attributes = declared(kind, "__attrs_attrs__")
    return None if attributes is None else [field.name for field in attributes if field.repr]


def model_items(model: object, fields: dict[str, Any]) -> dict[str, Any]:
    """What a model of pydantic holds, read past its own code; version 1 holds what is extra with the rest."""
    held = object.__getattribute__(model, "__dict__")
    extra = getattr(model, "__pydantic_extra__", held) or {}
    shown = {
        name: held[name] for name, field in fields.items() if name in held and getattr(field, "repr", True)
    }
    return shown | {name: value for name, value in extra.items() if name not in fields}


def of_numpy(name: str) -> type:
    """A class of numpy, where the application has loaded that; else one that nothing is of."""
    found = getattr(sys.modules.get("numpy"), name, None)
    return found if type(found) is type else _Nothing


class _Nothing:
    """What nothing is of."""
