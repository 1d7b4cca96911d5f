"""Any object as text, and a caller's metadata as plain JSON data, whatever their methods do.

What is traced belongs to somebody else: it may raise when it is looked at, hold itself, be larger
than memory, or change a moment later.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, cast

from dopejar_tracing.model.copier import CUT, Copier, encodable, exact
from dopejar_tracing.model.foreign import ask, type_name

MAX_COMPONENT = 200
"""Characters of a component's name."""
MAX_GIVEN = 65_536
"""Characters of a text that is a value itself; of one within a value, see the Copier."""
_FEW = 64  # keys of a mapping that are as good as given by name: each value has room of its own


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; what was cut is marked by a last `…` (contract §3)."""
    return text if len(text) <= limit else text[: limit - 1] + CUT


def plain_text(value: object) -> str:
    """The text itself, of a text or of a subclass, whose methods may be foreign; of anything else, none."""
    return str.__str__(cast("str", value)) if issubclass(type(value), str) else ""


def is_said(value: object) -> bool:
    """Whether this is anything but the empty text; asked of the type first, since `==` may be foreign."""
    return type(value) is not str or value != ""


def text_of(value: object) -> str:
    """`str(value)`, or a text that says why there is none."""
    if type(value) is str:
        return value
    return ask(lambda: exact(value), lambda error: f"<{type_name(value)}: {type_name(error)} in __str__>")


def formatted(message: object, values: Any) -> str:
    """`message % values`; if they do not fit, both as they are."""
    found: str | None = ask(lambda: exact(str(message) % values), lambda _: None)
    return f"{text_of(message)} {text_of(values)}" if found is None else found


def complaint(error: BaseException) -> str:
    """`ValueError: what it says`, of any exception, also one that cannot say it."""
    return f"{type_name(error)}: {text_of(error)}"


def summary_of(value: object, limit: int) -> str:
    """Text of at most `limit` characters that `json` can encode."""
    # Nearly always, hence the short way; no lone surrogate is printable.
    if type(value) is str and len(value) <= limit and (value.isascii() or value.isprintable()):
        return value
    return cut(encodable(text_of(value)[: limit + 1]), limit)


def taken_as_is(value: Any) -> bool:
    """Whether nothing can change the value, and JSON has it: it need not be copied."""
    kind = type(value)  # compared by identity, since the hash of a class may be foreign
    if kind is str:
        return len(value) <= MAX_GIVEN
    return kind is int or value is None or kind is bool or (kind is float and isfinite(value))


def copy_metadata(values: Mapping[str, Any], notes: dict[str, Any]) -> dict[str, Any]:
    """A copy of a caller's metadata as it is now; what had to be left out is put into `notes`.

    Args:
        values: as the caller named them.
        notes: reserved metadata.
    """
    metadata: dict[str, Any] = {}
    for key, value in values.items():
        name = key if type(key) is str else plain_text(key)  # a subclass may have a hash of its own
        metadata[name] = value if taken_as_is(value) else copy_value(value, notes)
    return metadata


def own_metadata(values: dict[str, Any], notes: dict[str, Any]) -> dict[str, Any]:
    """The same of a dict that nobody else has, such as `**values`: it may be the dict itself."""
    for key, value in values.items():
        kind = type(value)
        if type(key) is not str or (kind is not int and (kind is not str or len(value) > MAX_GIVEN)):
            return copy_metadata(values, notes)
    return values  # nearly always


def copy_value(value: object, notes: dict[str, Any]) -> Any:
    """Plain data of one value; `notes` get `truncated` and `encoding_error` where that happened."""
    copier = Copier(max_text=MAX_GIVEN) if type(value) is str else Copier()
    copied = copier.copy(value)
    if copier.truncated:
        notes["truncated"] = True
    if copier.encoding_error:
        notes.setdefault("encoding_error", copier.encoding_error)
    return copied


def gather_metadata(metadata: object, more: Mapping[str, object], notes: dict[str, Any]) -> dict[str, Any]:
    """A copy of values given as a mapping, and by name; what is no mapping goes under `metadata`."""
    if metadata is None:
        return own_metadata(dict(more), notes) if more else {}
    if type(metadata) is dict and len(metadata) <= _FEW:
        own = metadata.copy()  # at once: another thread may change it
        if all(type(key) is str for key in own):
            return copy_metadata({**own, **more}, notes)
    copied = copy_value(metadata, notes)
    if not isinstance(copied, dict):
        copied = {"metadata": copied}
    return copied | copy_metadata(more, notes)
