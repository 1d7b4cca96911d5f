"""`--where`: a condition on an event, in a part of Python's expressions.

Python's own `ast` reads the text; what it understood becomes functions here. Nothing is evaluated as Python,
so an expression can neither call nor reach anything but what is listed below.

    metadata.tokens_saved > 40 and status != "success"

Names: the eleven keys of a line; `layer`, `input`, `output` for short; `duration_us`, a span's exact time
    (null for an event); `metadata.key`, `metadata.key.deeper`, `metadata["any key"]`.
Values: `"text"`, `'text'`, numbers, `true`, `false`, `null`, `[lists]`.
Operators: `and`, `or`, `not`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`, and `+ - * / %` of numbers.
Functions: `len(x)`, `lower(x)`, `startswith(x, "…")`, `endswith(x, "…")`, `matches(x, "regular expression")`.

What is not there is null. What cannot be compared (a number with a text, anything with null) is neither
less nor more: the comparison is false, and no error. Layers have both spellings.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from typing import Any, NoReturn

import msgspec

from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.event import KEYS, exact_duration
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.model.suggest import suggestion
from dopejar_tracing.read.query.conditions import (
    ARITHMETIC,
    COMPARISONS,
    FUNCTION_NAMES,
    FUNCTIONS,
    Value,
    compared,
    compared_to,
    compiled,
    computed,
    deeper,
    guarded,
    joined,
)

_ALIASES = {"layer": "hrm_layer", "input": "input_summary", "output": "output_summary"}
_EXACT = "duration_us"
NAMES = (*KEYS, *_ALIASES, _EXACT)
_CONSTANTS = {"true": True, "false": False, "null": None}
_A_NAME = 'a name such as metadata.key, metadata["key"] or metadata.list[0]'
_ALLOWED = f"a name, a value, a comparison, and, or, not, in, + - * / %, {FUNCTION_NAMES}"
_MAX_TEXT = 10_000
"""Characters of an expression."""


class Where(msgspec.Struct, frozen=True):
    """A condition, ready to be asked.

    Attributes:
        text: as it was written.
        fields: keys of a line that it looks at.
        test: true where the condition holds; never raises.
    """

    text: str
    fields: frozenset[str]
    test: Value


def parse_where(text: str, layers: Layers | None = None) -> Where:
    """Read a condition.

    Args:
        text: of the expression.
        layers: whose spellings are known.

    Raises:
        QueryError: it cannot be understood; a caret stands under the spot.
    """
    flat = " ".join(text.splitlines()).strip()
    reader = _Reader(flat, layers or Layers())
    if len(flat) > _MAX_TEXT:
        reader.reject(0, f"an expression of at most {_MAX_TEXT:,} characters; got {len(flat):,}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of "\d", which is left as it is
            tree = ast.parse(flat, mode="eval")
        test = reader.value(tree.body)
    except SyntaxError as error:
        reader.reject(*_complaint(flat, error.offset - 1 if error.offset else len(flat), error.msg))
    except (RecursionError, MemoryError):
        reader.reject(0, "an expression that is less deep")
    except ValueError as error:  # a NUL, a lone surrogate
        reader.reject(0, f"an expression; {error}")
    return Where(flat, frozenset(reader.fields), lambda event: bool(test(event)))


class _Reader:
    """Python's syntax tree → functions.

    Attributes:
        fields: keys of a line that were named.
    """

    def __init__(self, text: str, layers: Layers) -> None:
        self.fields: set[str] = set()
        self._text = text
        self._layers = layers

    def reject(self, at: int, expected: str) -> NoReturn:
        """Say what is expected at a character of the text, and show where that is."""
        start = max(0, at - 60)
        shown = self._text[start : at + 60]
        msg = f"expected {expected}\n  {shown}\n  {' ' * (at - start)}^"
        raise QueryError(msg)

    def value(self, node: ast.expr) -> Value:
        """What computes this part."""
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.List() | ast.Tuple():
                parts = [self.value(part) for part in node.elts]
                return lambda event: [part(event) for part in parts]
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._name(node)
            case ast.BoolOp():
                return joined(isinstance(node.op, ast.And), [self.value(part) for part in node.values])
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Compare():
                return self._comparison(node)
            case ast.Call():
                return self._call(node)
        return self.reject(self._at(node), _ALLOWED)

    def _at(self, node: ast.expr) -> int:
        """Where it begins, in characters; `ast` counts UTF-8 bytes."""
        return len(self._text.encode()[: node.col_offset].decode(errors="ignore"))

    def _constant(self, node: ast.Constant) -> Value:
        constant = node.value
        if not isinstance(constant, str | int | float | None):
            self.reject(self._at(node), "a text, a number, true, false or null")
        return lambda _: constant

    def _name(self, node: ast.expr) -> Value:
        """A key of the line, or what lies deeper in it."""
        path: list[Any] = []
        inner = node
        while not isinstance(inner, ast.Name):
            if isinstance(inner, ast.Attribute):
                path.append(inner.attr)
                inner = inner.value
            elif isinstance(inner, ast.Subscript):
                path.append(self._key(inner.slice))
                inner = inner.value
            else:
                self.reject(self._at(node), _A_NAME)
        path.reverse()
        name = _ALIASES.get(inner.id, inner.id)
        if name in _CONSTANTS and not path:
            constant = _CONSTANTS[name]
            return lambda _: constant
        if name not in NAMES:
            self.reject(
                self._at(inner),
                f"one of {', '.join(NAMES)}; got {inner.id!r}{suggestion(inner.id, NAMES)};"
                f" a key of metadata is metadata.{inner.id}",
            )
        return deeper(self._field(name), path) if path else self._field(name)

    def _key(self, node: ast.expr) -> str | int:
        sign = 1
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):  # the last of a list is [-1]
            sign, node = -1, node.operand
        match node:
            case ast.Constant(value=int(number)):
                return sign * number
            case ast.Constant(value=str(key)):
                return key
            case _:
                return self.reject(self._at(node), _A_NAME)

    def _field(self, name: str) -> Value:
        if name == _EXACT:
            self.fields |= {"metadata", "duration_ms"}
            return lambda event: exact_duration(event.metadata, event.duration_ms)
        self.fields.add(name)
        if name == "hrm_layer":
            resolve = self._layers.resolve
            return lambda event: resolve(event.hrm_layer).name
        return operator.attrgetter(name)

    def _unary(self, node: ast.UnaryOp) -> Value:
        operand = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda event: not operand(event)
        if isinstance(node.op, ast.USub):
            return lambda event: computed(operator.sub, 0, operand(event))
        return self.reject(self._at(node), "not, or a minus")

    def _arithmetic(self, node: ast.BinOp) -> Value:
        compute = ARITHMETIC.get(type(node.op))
        if compute is None:
            self.reject(self._at(node), "+ - * / or %")
        left, right = self.value(node.left), self.value(node.right)
        return lambda event: computed(compute, left(event), right(event))

    def _comparison(self, node: ast.Compare) -> Value:
        """One comparison, or a chain: `1 < metadata.x < 5`."""
        parts = [node.left, *node.comparators]
        if any(self._is_layer(part) for part in parts):
            parts = [self._spelled_out(part) for part in parts]
        values = [self.value(part) for part in parts]
        pairs = [
            compared_to(COMPARISONS[type(sign)], left, part.value)
            if isinstance(part, ast.Constant)
            else compared(COMPARISONS[type(sign)], left, right)
            for sign, left, right, part in zip(node.ops, values, values[1:], parts[1:], strict=False)
        ]
        return pairs[0] if len(pairs) == 1 else joined(True, pairs)

    def _is_layer(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and _ALIASES.get(node.id, node.id) == "hrm_layer"

    def _spelled_out(self, node: ast.expr) -> ast.expr:
        """Layers that are compared with one have both spellings."""
        if isinstance(node, ast.List | ast.Tuple):
            node.elts = [self._spelled_out(part) for part in node.elts]
        elif isinstance(node, ast.Constant):
            layer = self._layers.get(node.value)
            if layer is not None:
                node.value = layer.name
        return node

    def _call(self, node: ast.Call) -> Value:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        function = FUNCTIONS.get(name)
        if function is None:
            self.reject(self._at(node), FUNCTION_NAMES + suggestion(name, FUNCTIONS))
        count = 1 if name in {"len", "lower"} else 2
        if len(node.args) != count or node.keywords:
            self.reject(self._at(node), f"{count} argument{'s' * (count > 1)} of {name}()")
        first, *others = (self.value(part) for part in node.args)
        if name == "matches":
            return self._matches(first, node.args[1])
        if others:
            second = others[0]
            return lambda event: guarded(lambda: function(first(event), second(event)))
        return lambda event: guarded(lambda: function(first(event)))

    def _matches(self, value: Value, pattern: ast.expr) -> Value:
        text = pattern.value if isinstance(pattern, ast.Constant) else None
        if not isinstance(text, str):
            self.reject(self._at(pattern), "a text, the regular expression")
        try:
            search = compiled(text).search
        except re.error as error:
            self.reject(self._at(pattern), f"a regular expression; {error}")
        return lambda event: isinstance(found := value(event), str) and search(found) is not None


def _complaint(text: str, at: int, said: str) -> tuple[int, str]:
    """Where, and what is expected: what Python says, or what helps those who think of another language."""
    if not text:
        return 0, 'an expression, such as status != "success"'
    for sign, word in (("&&", "and"), ("||", "or"), ("=", "==")):
        start = at + 1 - len(sign)  # Python takes the second of two for wrong
        if text.startswith(sign, start):
            return start, f"{word}, not {sign}"
    return at, f"an expression; {said.partition('. Perhaps')[0]}"
