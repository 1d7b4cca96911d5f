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
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import msgspec

from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.event import KEYS, exact_duration
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.model.suggest import suggestion

Value = Callable[[Any], Any]
"""An event, or as much of one as is needed → a value."""

_ALIASES = {"layer": "hrm_layer", "input": "input_summary", "output": "output_summary"}
_EXACT = "duration_us"
NAMES = (*KEYS, *_ALIASES, _EXACT)
_CONSTANTS = {"true": True, "false": False, "null": None}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.eq, ast.IsNot: operator.ne,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many, ast.NotIn: lambda one, many: one not in many,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}  # fmt: skip
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
        reader.reject((error.offset or 1) - 1, _complaint(flat, error))
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
        msg = f"--where: expected {expected}\n  {shown}\n  {' ' * (at - start)}^"
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
                return _joined(isinstance(node.op, ast.And), [self.value(part) for part in node.values])
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Compare():
                return self._comparison(node)
            case ast.Call():
                return self._call(node)
        self.reject(self._at(node), "a name, a value, a comparison, and, or, not, in, + - * / %, or " + _FUNCTION_NAMES)

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
            elif isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Constant):
                path.append(inner.slice.value)
                inner = inner.value
            else:
                self.reject(self._at(node), 'a name such as metadata.key or metadata["key"]')
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
        return _deeper(self._field(name), path) if path else self._field(name)

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
            return lambda event: _computed(operator.sub, 0, operand(event))
        self.reject(self._at(node), "not, or a minus")

    def _arithmetic(self, node: ast.BinOp) -> Value:
        compute = _ARITHMETIC.get(type(node.op))
        if compute is None:
            self.reject(self._at(node), "+ - * / or %")
        left, right = self.value(node.left), self.value(node.right)
        return lambda event: _computed(compute, left(event), right(event))

    def _comparison(self, node: ast.Compare) -> Value:
        """One comparison, or a chain: `1 < metadata.x < 5`."""
        parts = [node.left, *node.comparators]
        if any(self._is_layer(part) for part in parts):
            parts = [self._spelled_out(part) for part in parts]
        values = [self.value(part) for part in parts]
        pairs = [
            _compared(_COMPARE[type(sign)], left, right)
            for sign, left, right in zip(node.ops, values, values[1:], strict=False)
        ]
        return pairs[0] if len(pairs) == 1 else _joined(True, pairs)

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
        function = _FUNCTIONS.get(name)
        if function is None:
            self.reject(self._at(node), _FUNCTION_NAMES + suggestion(name, _FUNCTIONS))
        count = 1 if name in {"len", "lower"} else 2
        if len(node.args) != count or node.keywords:
            self.reject(self._at(node), f"{count} argument{'s' * (count > 1)} of {name}()")
        first, *others = (self.value(part) for part in node.args)
        if name == "matches":
            return self._matches(first, node.args[1])
        if others:
            second = others[0]
            return lambda event: _guarded(lambda: function(first(event), second(event)))
        return lambda event: _guarded(lambda: function(first(event)))

    def _matches(self, value: Value, pattern: ast.expr) -> Value:
        text = pattern.value if isinstance(pattern, ast.Constant) else None
        if not isinstance(text, str):
            self.reject(self._at(pattern), "a text, the regular expression")
        try:
            search = re.compile(text).search
        except re.error as error:
            self.reject(self._at(pattern), f"a regular expression; {error}")
        return lambda event: isinstance(found := value(event), str) and search(found) is not None


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len, "lower": str.lower, "startswith": str.startswith, "endswith": str.endswith, "matches": re.search,
}  # fmt: skip
_FUNCTION_NAMES = ", ".join(f"{name}()" for name in _FUNCTIONS)


def _deeper(value: Value, path: Sequence[Any]) -> Value:
    def reach(event: Any) -> Any:
        found = value(event)
        for key in path:
            if isinstance(found, dict):
                found = found.get(key)
            elif isinstance(found, list) and isinstance(key, int) and -len(found) <= key < len(found):
                found = found[key]
            else:
                return None
        return found

    return reach


def _joined(every: bool, parts: Sequence[Value]) -> Value:
    if every:
        return lambda event: all(part(event) for part in parts)
    return lambda event: any(part(event) for part in parts)


def _compared(compare: Callable[[Any, Any], Any], left: Value, right: Value) -> Value:
    def test(event: Any) -> Any:
        try:
            return compare(left(event), right(event))
        except TypeError:
            return False

    return test


def _computed(compute: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Of numbers alone: a text times a billion would fill the memory."""
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _guarded(lambda: compute(left, right))
    return None


def _guarded(compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except (TypeError, ArithmeticError):
        return None


def _complaint(text: str, error: SyntaxError) -> str:
    if not text:
        return "an expression, such as status != \"success\""
    for sign, word in (("&&", "and"), ("||", "or")):
        if sign in text:
            return f"{word}, not {sign}"
    said = error.msg.split(". Perhaps")[0].replace(" or ':=' instead of '='?", "?")
    return f"an expression; {said}"
