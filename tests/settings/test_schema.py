"""What can be set, and how a wrong value is answered (contract §5)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from dopejar_tracing.model.event import Level
from dopejar_tracing.model.layer import LAYERS
from dopejar_tracing.settings import KEYS, Settings, load
from dopejar_tracing.settings.checks import Problems
from dopejar_tracing.settings.redact import LinearPattern, Redact
from dopejar_tracing.settings.rotate import Rotate
from dopejar_tracing.settings.schema import (
    CHECKS,
    LevelName,
    check_roles,
    check_rules,
    check_values,
)
from dopejar_tracing.settings.theme import ROLES
from dopejar_tracing.show.theme import STYLES

ERROR: LevelName = "error"
LEVEL = "one of debug, info, warn, error"
CONSOLE = "one of auto, always, never"
PATH = "a path, or null for no file"
PREFIX = "a prefix of 2 to 8 characters (a-z, 0-9)"
OTHER = "another name and prefix than those of the layer memory (mem)"
OWN = "a name and a prefix of its own for each layer"
STYLE = (
    "attributes (bold, dim, italic, underline, reverse, strike) and colours (default, black, red, green, "
    "yellow, blue, magenta, cyan, white, bright_black, bright_red, bright_green, bright_yellow, bright_blue, "
    "bright_magenta, bright_cyan, bright_white, color(0) to color(255), #rrggbb), such as 'bold red' or "
    "'white on blue'"
)
SIZE = "a size of at least {} bytes, such as 100MB or 64KiB"
REDACT = "a mapping of keys, keep, patterns to lists, or true or false"
RE2 = "regular expressions in RE2's syntax ({})"
EMPTY = "it matches the empty text"
LOOK = "invalid perl operator: (?="
ROTATE = "a mapping of max_bytes, every, keep, compress to values, or null"
EVERY = "one of minute, hour, day, week, or null"
DOCUMENTED = Path(__file__).parents[2] / "settings.yaml"


def problems_of(values: dict[Any, Any]) -> list[str]:
    """What is wrong with values, as if they stood in settings.yaml."""
    found: list[str] = []
    check_values(values, Problems("settings.yaml: tracing.", found))
    return found


class TestSettings:
    """The keys and their defaults."""

    def test_documented(self) -> None:
        """The project's settings.yaml holds every key, in order, with the default that the code has."""
        assert [*yaml.safe_load(DOCUMENTED.read_bytes())["tracing"]] == [*KEYS] == [*CHECKS]
        assert load(DOCUMENTED, environ={}).settings == Settings()

    @pytest.mark.parametrize("key", KEYS)
    def test_explained(self, key: str) -> None:
        """Every key stands there under words of its own."""
        assert re.search(
            rf"\n\n(  #.*\n)+  {key}:", "\n" + DOCUMENTED.read_text("utf-8").replace("tracing:\n", "\n")
        )

    def test_known_layers(self) -> None:
        """The layers declared are known beside the seed's."""
        layers = Settings(layers={"tools": "tol"}).known_layers()
        assert layers.get("tol") == layers.get("tools")
        assert len([*layers]) == 7


class TestThreshold:
    """The least level at which an operation is recorded."""

    RULES = ("memory.read", "mem.read", "memory", "mem")  # the narrowest first

    @pytest.mark.parametrize(("at", "rule"), [*enumerate(RULES)])
    def test_narrowest_wins(self, at: int, rule: str) -> None:
        """A rule for an operation outdoes one for its layer, and that the level of all, in both spellings."""
        levels: dict[str, LevelName] = {**dict.fromkeys(self.RULES[at:], ERROR), rule: "debug"}
        settings = Settings(level="warn", levels=levels)
        assert settings.threshold("memory", "mem", "read") == Level.DEBUG

    @pytest.mark.parametrize("rule", ["memory.write", "mem.write", "focus", "foc", "read", "memory.rea"])
    def test_other_rules(self, rule: str) -> None:
        """Rules for others do not count."""
        settings = Settings(level="warn", levels={rule: "debug"})
        assert settings.threshold("memory", "mem", "read") == Level.WARN

    def test_dotted_operation(self) -> None:
        """An operation's name may hold dots."""
        settings = Settings(levels={"mem.read.fast": "error"})
        assert settings.threshold("memory", "mem", "read.fast") == Level.ERROR


class TestCheckValues:
    """Each value, checked."""

    @pytest.mark.parametrize(
        ("key", "value", "used"),
        [
            ("enabled", True, True),
            ("output", None, None),
            ("output", Path("a/b.jsonl"), "a/b.jsonl"),
            ("console", "NEVER", "never"),
            ("level", "Warn", "warn"),
            ("levels", None, {}),
            ("levels", {"memory": "DEBUG", "mem.read": "error"}, {"memory": "debug", "mem.read": "error"}),
            ("layers", None, {}),
            ("layers", {"tools": "tol", "ui": "ui"}, {"tools": "tol", "ui": "ui"}),
            ("summary_chars", 8, 8),
            ("summary_chars", 100_000, 100_000),
            ("max_metadata_bytes", "64 KiB", 65_536),
            ("redact", True, Redact()),
            ("redact", False, False),
            ("redact", None, Redact()),
            ("redact", {"keys": "pin", "keep": None}, Redact(keys=("pin",))),
            (
                "redact",
                {"patterns": [r"\bEMP-\d{6}\b", "(a+)+$"]},
                Redact(patterns=(r"\bEMP-\d{6}\b", "(a+)+$")),
            ),
            ("rotate", None, None),
            ("rotate", {"max_bytes": "100MB"}, Rotate(max_bytes=100_000_000)),
            ("rotate", {"max_bytes": "0.5 gib", "keep": 1}, Rotate(max_bytes=2**29, keep=1)),
            ("rotate", {"every": "Day", "compress": "GZIP"}, Rotate(every="day", compress="gzip")),
            ("id_random", None, None),
            ("id_random", 4, 4),
            ("id_random", 16, 16),
            ("theme", None, {}),
            (
                "theme",
                {"memory": "Bold bright_cyan", "error": "white on #FF8700", "note": "not dim color(255)"},
                {"memory": "bold bright_cyan", "error": "white on #ff8700", "note": "not dim color(255)"},
            ),
        ],
    )
    def test_good(self, key: str, value: object, used: object) -> None:
        """A value that is allowed is used, in its one spelling."""
        found: list[str] = []
        assert check_values({key: value}, Problems("", found)) == {key: used}
        assert found == []

    @pytest.mark.parametrize(
        ("values", "key", "expected", "got"),
        [
            ({"enabled": 1}, "enabled", "true or false", "1"),
            ({"enabled": "ture"}, "enabled", "true or false", "'ture' (did you mean 'true'?)"),
            ({"output": ""}, "output", PATH, "''"),
            ({"output": "a\0b"}, "output", PATH, r"'a\x00b'"),
            ({"output": ["x"]}, "output", PATH, "['x']"),
            ({"console": False}, "console", CONSOLE, "False"),
            ({"console": "alway"}, "console", CONSOLE, "'alway' (did you mean 'always'?)"),
            ({"level": "inof"}, "level", LEVEL, "'inof' (did you mean 'info'?)"),
            ({"level": "WARNING"}, "level", LEVEL, "'WARNING' (did you mean 'warn'?)"),
            ({"level": 20}, "level", LEVEL, "20"),
            ({"level": ["info"]}, "level", LEVEL, "['info']"),
            ({"levels": "debug"}, "levels", "a mapping of layer or layer.operation to a level", "'debug'"),
            ({"levels": {"mem.read": "degub"}}, "levels.mem.read", LEVEL, "'degub' (did you mean 'debug'?)"),
            ({"theme": "red"}, "theme", "a mapping of what a text means to a style", "'red'"),
            ({"theme": {"error": "rde"}}, "theme.error", STYLE, "'rde' (did you mean 'red'?)"),
            ({"theme": {"error": ""}}, "theme.error", STYLE, "''"),
            ({"theme": {"error": "red on"}}, "theme.error", STYLE, "'red on' (did you mean 'red'?)"),
            ({"theme": {"error": "on bold"}}, "theme.error", STYLE, "'on bold' (did you mean 'bold'?)"),
            ({"theme": {"error": "color(256)"}}, "theme.error", STYLE, "'color(256)'"),
            ({"theme": {"error": 31}}, "theme.error", STYLE, "31"),
            ({"layers": ["tools"]}, "layers", "a mapping of layer names to ID prefixes", "['tools']"),
            ({"layers": {"T": "tol"}}, "layers", "a lower-case name (a-z, 0-9, _)", "{'T': 'tol'}"),
            ({"layers": {"tools": "T"}}, "layers", PREFIX, "{'tools': 'T'}"),
            ({"layers": {"tools": ["tol"]}}, "layers", PREFIX, "{'tools': ['tol']}"),
            ({"layers": {"tools": "mem"}}, "layers", OTHER, "{'tools': 'mem'}"),
            ({"layers": {"tolls": "tol", "tools": "tol"}}, "layers", OWN, "{'tolls': 'tol', 'tools': 'tol'}"),
            ({"layers": {"tol": "too", "tools": "tol"}}, "layers", OWN, "{'tol': 'too', 'tools': 'tol'}"),
            ({"summary_chars": 7}, "summary_chars", "a whole number from 8 to 100000", "7"),
            ({"summary_chars": True}, "summary_chars", "a whole number from 8 to 100000", "True"),
            ({"summary_chars": None}, "summary_chars", "a whole number from 8 to 100000", "None"),
            ({"max_metadata_bytes": "64 kilo"}, "max_metadata_bytes", SIZE.format(1000), "'64 kilo'"),
            ({"max_metadata_bytes": 10}, "max_metadata_bytes", SIZE.format(1000), "10"),
            ({"redact": "yes"}, "redact", REDACT, "'yes'"),
            ({"redact": {"keys": 7}}, "redact.keys", "a list of texts", "7"),
            ({"redact": {"keys": [""]}}, "redact.keys", "a list of texts", "['']"),
            ({"redact": {"patterns": ["(x"]}}, "redact.patterns", RE2.format("missing ): (x"), "'(x'"),
            (
                {"redact": {"patterns": ["x*"]}},
                "redact.patterns",
                RE2.format("it matches the empty text"),
                "'x*'",
            ),
            ({"redact": {"patterns": [r"\b"]}}, "redact.patterns", RE2.format(EMPTY), repr(r"\b")),
            ({"redact": {"keys": ["!!"]}}, "redact.keys", "names with a letter or a digit in each", "'!!'"),
            (
                {"redact": {"patterns": ["(?=x)"]}},
                "redact.patterns",
                RE2.format("invalid perl operator: (?="),
                "'(?=x)'",
            ),
            ({"rotate": "daily"}, "rotate", ROTATE, "'daily'"),
            ({"rotate": {"keep": 3}}, "rotate", "max_bytes or every, or both", "{'keep': 3}"),
            ({"rotate": {"max_bytes": "100XB"}}, "rotate.max_bytes", SIZE.format(1) + ", or null", "'100XB'"),
            ({"rotate": {"every": "dya"}}, "rotate.every", EVERY, "'dya' (did you mean 'day'?)"),
            ({"id_random": 3}, "id_random", "a whole number from 4 to 16, or null", "3"),
            ({"id_random": 17}, "id_random", "a whole number from 4 to 16, or null", "17"),
            ({"id_random": 8.0}, "id_random", "a whole number from 4 to 16, or null", "8.0"),
        ],
    )
    def test_wrong(self, values: dict[Any, Any], key: str, expected: str, got: str) -> None:
        """A wrong value is named, with what is allowed, what was found and what was probably meant."""
        assert problems_of(values) == [f"settings.yaml: tracing.{key}: expected {expected}; got {got}"]

    @pytest.mark.parametrize(("key", "hint"), [("ouptut", " (did you mean 'output'?)"), ("xyz", ""), (7, "")])
    def test_unknown_key(self, key: object, hint: str) -> None:
        """A key that does not exist is named, with those that do and the nearest of them."""
        assert problems_of({key: 1}) == [
            f"settings.yaml: tracing.{key}: unknown key; expected one of {', '.join(KEYS)}{hint}"
        ]

    def test_several(self) -> None:
        """All problems are found at once, and what is right beside them can be used."""
        found: list[str] = []
        values = {"level": 1, "enabled": True, "levels": {"memory": 2, "focus": 3}, "id_random": 1}
        assert check_values(values, Problems("", found)) == {"enabled": True}
        assert [problem.partition(":")[0] for problem in found] == [
            "level",
            "levels.memory",
            "levels.focus",
            "id_random",
        ]

    def test_label(self) -> None:
        """A key that a person knows by another name is complained of by that."""
        found: list[str] = []
        check_values({"level": "x"}, Problems("environment: ", found), "DOPEJAR_TRACE_LEVEL")
        assert found == [
            "environment: DOPEJAR_TRACE_LEVEL: expected one of debug, info, warn, error; got 'x'"
        ]

    @given(st.text(min_size=60))
    def test_long_value(self, value: str) -> None:
        """A long value is cut in the complaint, and a … says so."""
        (problem,) = problems_of({"level": value})
        assert re.search(r"; got .{59}…$", problem, re.DOTALL)


class TestLinearPattern:
    """A person's own regular expression."""

    def test_masks(self) -> None:
        """What it matches is replaced, lone surrogates beside it or not."""
        pattern = LinearPattern(r"\bEMP-\d{6}\b")
        assert pattern.sub("[redacted]", "ü EMP-123456 EMP-1234567") == "ü [redacted] EMP-1234567"
        assert pattern.sub("[redacted]", "\ud800 EMP-123456") == "\\ud800 [redacted]"

    def test_cannot_hang(self) -> None:
        """A pattern that takes `re` longer than the universe has existed is done at once."""
        assert LinearPattern("(a+)+$").sub("x", "a" * 10_000 + "b") == "a" * 10_000 + "b"


class TestCheckRules:
    """The layers that rules name."""

    @pytest.mark.parametrize(
        "rule", ["memory", "mem", "memory.read", "mem.anything", "tools", "tol", "tools.x"]
    )
    def test_known(self, rule: str) -> None:
        """A rule may name a layer of the seed or a declared one, in both spellings, with any operation."""
        found: list[str] = []
        check_rules(Settings(levels={rule: "debug"}, layers={"tools": "tol"}), Problems("", found))
        assert found == []

    @pytest.mark.parametrize(
        ("rule", "got"),
        [
            ("memroy", "'memroy' (did you mean 'memory'?)"),
            ("memroy.read", "'memroy' (did you mean 'memory'?)"),
            ("tool.x", "'tool' (did you mean 'tools'?)"),
            ("Mem", "'Mem' (did you mean 'mem'?)"),
            ("", "''"),
            (".read", "''"),
            (7, "7"),
        ],
    )
    def test_unknown(self, rule: Any, got: str) -> None:
        """A rule for a layer that nobody declared is an error with a hint."""
        found: list[str] = []
        settings = Settings(levels={rule: "debug"}, layers={"tools": "tol"})
        check_rules(settings, Problems("settings.yaml: tracing.", found))
        names = "altitude, focus, reasoning, learning, memory, system, tools"
        assert found == [
            f"settings.yaml: tracing.levels.{rule}: expected a layer ({names}; more under layers); got {got}"
        ]


class TestCheckRoles:
    """What a theme has styles for."""

    @pytest.mark.parametrize("role", ["memory", "mem", "tools", "tol", *ROLES])
    def test_known(self, role: str) -> None:
        """A layer, in both spellings, or what a text can mean; and the console knows the same."""
        found: list[str] = []
        settings = Settings(theme={role: "red"}, layers={"tools": "tol"})
        check_roles(settings, Problems("", found))
        assert found == []
        assert settings.styles().keys() <= {*STYLES, "tools"}

    @pytest.mark.parametrize(
        ("role", "got"),
        [
            ("memroy", "'memroy' (did you mean 'memory'?)"),
            ("eror", "'eror' (did you mean 'error'?)"),
            (7, "7"),
        ],
    )
    def test_unknown(self, role: Any, got: str) -> None:
        """Anything else is an error with a hint."""
        found: list[str] = []
        check_roles(Settings(theme={role: "red"}), Problems("settings.yaml: tracing.", found))
        (problem,) = found
        assert problem.startswith(f"settings.yaml: tracing.theme.{role}: expected a layer (altitude, ")
        assert problem.endswith(f"; got {got}")

    def test_roles(self) -> None:
        """The roles are those that the console has styles for."""
        assert {*ROLES, *(layer.name for layer in LAYERS)} == {*STYLES}

    @given(st.lists(st.sampled_from("bold dim not on red bright_blue color(7) #ff8700 default".split())))
    def test_grammar(self, words: list[str]) -> None:
        """What the settings let pass, rich can show."""
        if check_values({"theme": {"error": " ".join(words)}}, Problems("", [])):
            Style.parse(" ".join(words))
