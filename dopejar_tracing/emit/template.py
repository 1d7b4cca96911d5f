"""Templates of a decorated function's arguments: `input="{from_level}→{to_level}"` (contract §4)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from string import Formatter
from typing import Any, NamedTuple

from dopejar_tracing.model.foreign import is_foreign
from dopejar_tracing.model.redact import MASK
from dopejar_tracing.model.redact.keys import SECRET, KeyRule
from dopejar_tracing.model.values import complaint, plain_text, text_of

Fill = Callable[[object], object]
"""A template → its text; anything else → itself."""
CallFill = Callable[[tuple[Any, ...], dict[str, Any], dict[str, Any]], Fill]
"""(args, kwargs, notes) → what fills templates for this call; why one does not fit goes into the notes."""

_RULE = KeyRule()


class _Masked:
    """Stands for a secret, and for whatever a template takes from it."""

    def __getattr__(self, _: str) -> _Masked:
        return self

    def __getitem__(self, _: object) -> _Masked:
        return self

    def __format__(self, _: str) -> str:
        return MASK

    def __repr__(self) -> str:
        return MASK


_MASKED = _Masked()


def _shown(name: str, value: Any) -> Any:
    """The value, unless its name says that it is a secret: in the filled text there is no name any more."""
    if value is None or type(value) is bool or not _RULE[name] & SECRET:
        return value
    return _MASKED


class _Arguments:
    """The arguments of a function's calls by their names, defaults included."""

    def __init__(self, signature: inspect.Signature) -> None:
        parameters = signature.parameters.values()
        kinds = {parameter.kind for parameter in parameters}
        self._signature = signature
        self._gathers = [
            parameter.name for parameter in parameters if parameter.kind is parameter.VAR_KEYWORD
        ]
        self._names = signature.parameters.keys()
        self._places = [
            parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
        self._is_plain = kinds <= {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
        self._defaults = {
            parameter.name: parameter.default
            for parameter in parameters
            if parameter.default is not parameter.empty
        }
        self._secrets = [name for name in self._names if _RULE[name] & SECRET]

    def of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Those of one call, secrets masked; TypeError if it does not fit."""
        if self._is_plain and len(args) <= len(self._places) and kwargs.keys() <= self._names:
            # Nearly always, and in a tenth of the time that `bind` takes.
            arguments = {**self._defaults, **dict(zip(self._places, args, strict=False)), **kwargs}
            for name in self._secrets:
                if name in arguments:
                    arguments[name] = _shown(name, arguments[name])
            return arguments
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        for name in self._gathers:
            arguments |= arguments[name]
        return {name: _shown(name, value) for name, value in arguments.items()}


def filler(function: Callable[..., Any]) -> CallFill:
    """What fills templates with the arguments of each call of the function, defaults included."""
    try:
        found = _Arguments(inspect.signature(function))
    except (TypeError, ValueError):  # some built-in functions have none
        return lambda args, kwargs, notes: lambda template: template

    def for_call(args: tuple[Any, ...], kwargs: dict[str, Any], notes: dict[str, Any]) -> Fill:
        arguments: dict[str, Any] | None = None

        def fill(template: object) -> object:
            nonlocal arguments
            if not is_template(template):
                return template
            try:
                if arguments is None:
                    arguments = found.of(args, kwargs)
                return str(template).format(**arguments)
            except BaseException as error:  # a misspelt name, a foreign __format__, a call that fails itself
                return _unfilled(template, error, notes)

        return fill

    return for_call


def is_template(value: object) -> bool:
    """Whether this is a text with `{names}` in it."""
    if type(value) is str:
        return "{" in value and _has_names(value)
    return isinstance(value, str) and _has_names(plain_text(value))


@lru_cache(maxsize=1_024)
def _has_names(text: str) -> bool:
    try:
        return any(field is not None for _, field, _, _ in Formatter().parse(text))
    except ValueError:  # a lone brace
        return False


class _FieldFormatter(Formatter):
    """`str.format` for the fields of a trace point, some of which may not be known."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        value = kwargs.get(str(key))
        return "?" if value is None else _shown(str(key), value)

    def format_field(self, value: Any, format_spec: str) -> str:
        return _field_text(value, format_spec)


_FORMATTER = _FieldFormatter()


def _field_text(value: Any, format_spec: str) -> str:
    if isinstance(value, bool) and "/" in format_spec:
        return format_spec.split("/")[not value]
    if isinstance(value, (list, tuple)):
        return ", ".join(map(text_of, value))
    return format(value, format_spec) if format_spec and "/" not in format_spec else text_of(value)


def fill_fields(template: str, fields: Mapping[str, Any], notes: dict[str, Any]) -> str:
    """The template with the fields in it. What is not known reads `?`; where nothing is, there is no text.

    `{allowed:yes/no}` chooses a word for True or False. Lists are joined by commas. Why a template does not
    fit goes into the notes.
    """
    try:
        pattern = _compiled(template)
        if pattern.names and all(fields.get(name) is None for name in pattern.names):
            return ""
        if pattern.parts is None:
            return _FORMATTER.vformat(template, (), fields)
        texts: list[str] = []
        for literal, name, spec in pattern.parts:
            value = fields.get(name)
            if value is None:
                value = "?"
            texts += literal, value if type(value) is str and not spec else _field_text(value, spec)
        return "".join(texts) + pattern.tail
    except BaseException as error:  # it is the application's, and so are the fields
        return _unfilled(template, error, notes)


class _Pattern(NamedTuple):
    """A template, taken apart."""

    names: list[str]
    """The fields that it names."""
    parts: list[tuple[str, str, str]] | None
    """Each field with what stands before it, and its format; None if there is more to it, or a secret."""
    tail: str


@lru_cache(maxsize=1_024)
def _compiled(template: str) -> _Pattern:
    parts, tail = [], ""
    is_simple = True
    for literal, name, spec, conversion in Formatter().parse(template):
        tail += literal  # a doubled brace is a part of its own, without a name
        if name is None:
            continue
        parts.append((tail, name, spec or ""))
        tail = ""
        is_simple &= name.isidentifier() and not conversion and "{" not in (spec or "")
        is_simple &= not _RULE[name] & SECRET
    names = [name.partition(".")[0].partition("[")[0] for _, name, _ in parts if name]
    return _Pattern(names, parts if is_simple else None, tail)


def _unfilled(template: object, error: BaseException, notes: dict[str, Any]) -> str:
    if not is_foreign(error):
        raise error
    notes["template_error"] = complaint(error)
    return text_of(template)
