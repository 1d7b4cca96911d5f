"""All sources → the settings in force (contract §5)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dopejar_tracing.errors import SettingsError
from dopejar_tracing.settings import KEYS, Effective, Settings, load
from dopejar_tracing.settings.load import find_file
from dopejar_tracing.settings.redact import Redact
from dopejar_tracing.settings.rotate import Rotate

SWITCHES = ("default", "file", "environment", "flag", "arguments")  # the weakest first
ALLOWED_LEVELS = "expected one of debug, info, warn, error"
CHANGES = {
    "output": ("DOPEJAR_TRACE_OUTPUT", "a.jsonl", "b.jsonl"),
    "console": ("DOPEJAR_TRACE_CONSOLE", "always", "never"),
    "level": ("DOPEJAR_TRACE_LEVEL", "debug", "error"),
}


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory without settings."""
    monkeypatch.chdir(tmp_path)


def write(text: str, path: str = "settings.yaml") -> Path:
    """A settings file with this text; its path from the working directory."""
    file = Path(path)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def write_tracing(**values: object) -> Path:
    """A settings.yaml with these values under `tracing:`."""
    return write(yaml.safe_dump({"tracing": values}))


def problems_of(*arguments: Any, **options: Any) -> list[str]:
    """The lines of the error that `load` raises."""
    with pytest.raises(SettingsError) as raised:
        load(*arguments, **{"environ": {}, **options})
    return str(raised.value).splitlines()


def switched(said: Mapping[str, bool]) -> Effective:
    """What is in force if each source says this of `enabled`."""
    if "file" in said:
        write_tracing(enabled=said["file"])
    environ = {"DOPEJAR_TRACE": str(int(said["environment"]))} if "environment" in said else {}
    overrides = {"enabled": said["arguments"]} if "arguments" in said else {}
    return load(None, overrides, flag=said.get("flag"), environ=environ)


def origin_of(source: str, value: bool) -> str:
    """What a source of `enabled` is called."""
    flag = "--trace" if value else "--no-trace"
    return {
        "file": "settings.yaml",
        "environment": "DOPEJAR_TRACE",
        "flag": flag,
        "arguments": "configure()",
    }[source]


class TestPrecedence:
    """Arguments > --trace / --no-trace > environment > settings.yaml > defaults."""

    def test_defaults(self) -> None:
        """Where nothing is said, the defaults are in force: disabled, and nothing is read."""
        assert load(environ={}) == Effective(Settings(), dict.fromkeys(KEYS, "default"), None)

    @pytest.mark.parametrize("value", [True, False])
    @pytest.mark.parametrize(("weak", "strong"), [*combinations(SWITCHES, 2)])
    def test_switch(self, weak: str, strong: str, value: bool) -> None:
        """Of every two sources the stronger one switches, and is named as the origin."""
        effective = switched({weak: not value, strong: value})
        assert effective.settings.enabled is value
        assert effective.origins["enabled"] == origin_of(strong, value)

    @pytest.mark.parametrize("key", CHANGES)
    @pytest.mark.parametrize(("weak", "strong"), [*combinations(("file", "environment", "arguments"), 2)])
    def test_other_keys(self, key: str, weak: str, strong: str) -> None:
        """So it is for the other keys that several sources can set."""
        variable, *values = CHANGES[key]
        said = dict(zip((weak, strong), values, strict=True))
        if "file" in said:
            write_tracing(**{key: said["file"]})
        environ = {variable: said["environment"]} if "environment" in said else {}
        effective = load(None, {key: said["arguments"]} if "arguments" in said else {}, environ=environ)
        origins = {"environment": variable, "arguments": "configure()"}
        assert getattr(effective.settings, key) == values[1]
        assert effective.origins == {**dict.fromkeys(KEYS, "default"), key: origins[strong]}

    @pytest.mark.parametrize(
        "source", [Settings(level="error"), {"level": "error"}, {"tracing": {"level": "error"}}]
    )
    def test_given_settings(self, source: Settings | Mapping[str, Any]) -> None:
        """Settings that are given count as arguments, below the single ones."""
        environ = {"DOPEJAR_TRACE_LEVEL": "debug"}
        assert load(source, environ=environ).settings.level == "error"
        assert load(source, environ=environ).origins["level"] == "configure()"
        assert load(source, {"level": "warn"}, environ=environ).settings.level == "warn"

    def test_whole_settings(self) -> None:
        """A whole Settings outdoes all other sources, its defaults too."""
        write_tracing(enabled=True, summary_chars=50)
        effective = load(Settings(id_random=8), environ={"DOPEJAR_TRACE": "1"}, flag=True)
        assert effective.settings == Settings(id_random=8)

    def test_levels_and_layers_from_two_sources(self) -> None:
        """A rule may name a layer that another source declares."""
        write_tracing(levels={"tools": "debug"})
        assert load(None, {"layers": {"tools": "tol"}}, environ={}).settings.levels == {"tools": "debug"}


class TestFlag:
    """What `--trace` does beside switching."""

    @pytest.mark.parametrize(
        ("flag", "said", "console"),
        [
            (True, None, "always"),
            (True, "auto", "always"),
            (True, "always", "always"),
            (True, "never", "never"),
            (False, None, "auto"),
            (False, "always", "always"),
            (None, "auto", "auto"),
        ],
    )
    def test_console(self, flag: bool | None, said: str | None, console: str) -> None:
        """`--trace` turns the console from auto to always, and never overrides never."""
        write_tracing(**({"console": said} if said else {}))
        effective = load(flag=flag, environ={})
        assert effective.settings.console == console
        turned = console != (said or "auto")
        assert effective.origins["console"] == (
            "--trace" if turned else "settings.yaml" if said else "default"
        )

    @pytest.mark.parametrize("console", ["auto", "never"])
    def test_arguments_win(self, console: str) -> None:
        """A console that `configure` asks for stays as asked."""
        assert load(None, {"console": console}, flag=True, environ={}).settings.console == console


class TestEnvironment:
    """The variables."""

    @pytest.mark.parametrize(
        ("text", "enabled"),
        [
            *dict.fromkeys(("1", "true", "yes", "on", "TRUE", " On "), True).items(),
            *dict.fromkeys(("0", "false", "no", "off", "No"), False).items(),
        ],
    )
    def test_switch(self, text: str, enabled: bool) -> None:
        """DOPEJAR_TRACE takes the usual words for yes and no."""
        write_tracing(enabled=not enabled)
        assert load(environ={"DOPEJAR_TRACE": text}).settings.enabled is enabled

    @pytest.mark.parametrize("text", ["", "  "])
    def test_empty(self, text: str) -> None:
        """An empty variable is one that was not set."""
        names = ("DOPEJAR_TRACE", *(variable for variable, *_ in CHANGES.values()))
        environ = {**dict.fromkeys(names, text), "DOPEJAR_SETTINGS": ""}
        assert load(environ=environ) == load(environ={})

    @pytest.mark.parametrize(
        ("text", "output"), [("null", None), ("None", None), ("nul", "nul"), (" a b ", "a b")]
    )
    def test_output(self, text: str, output: str | None) -> None:
        """`null` stands for no file, as in YAML."""
        assert load(environ={"DOPEJAR_TRACE_OUTPUT": text}).settings.output == output

    @pytest.mark.parametrize(
        ("variable", "text", "problem"),
        [
            ("DOPEJAR_TRACE", "ture", "expected true or false; got 'ture' (did you mean 'true'?)"),
            ("DOPEJAR_TRACE_LEVEL", "inof", f"{ALLOWED_LEVELS}; got 'inof' (did you mean 'info'?)"),
            ("DOPEJAR_TRACE_CONSOLE", "tty", "expected one of auto, always, never; got 'tty'"),
        ],
    )
    def test_wrong(self, variable: str, text: str, problem: str) -> None:
        """A wrong value is complained of by the variable's name."""
        assert problems_of(environ={variable: text}) == [f"environment: {variable}: {problem}"]


class TestFindFile:
    """Which file is read."""

    def test_order(self) -> None:
        """$DOPEJAR_SETTINGS, else ./settings.yaml, else ./config/settings.yaml, else none."""
        assert find_file({}) is None
        in_config = write("", "config/settings.yaml")
        assert find_file({}) == in_config
        here = write("")
        assert find_file({}) == here
        assert find_file({"DOPEJAR_SETTINGS": "named.yaml"}) == Path("named.yaml")

    def test_no_file(self) -> None:
        """A directory of that name is no settings file."""
        Path("settings.yaml").mkdir()
        assert find_file({}) is None

    @pytest.mark.parametrize("kind", [str, Path])
    def test_given(self, kind: type[str | Path]) -> None:
        """A file that `configure` names is read instead of the usual ones."""
        write_tracing(level="debug")
        write("tracing: {level: error}", "mine.yaml")
        effective = load(kind("mine.yaml"), environ={"DOPEJAR_SETTINGS": "settings.yaml"})
        assert (effective.settings.level, effective.file) == ("error", Path("mine.yaml"))
        assert effective.origins["level"] == "mine.yaml"

    def test_from_environment(self) -> None:
        """So is the one that the environment names."""
        write("tracing: {level: error}", "mine.yaml")
        assert load(environ={"DOPEJAR_SETTINGS": "mine.yaml"}).settings.level == "error"


class TestFile:
    """What stands in the file."""

    def test_all_keys(self) -> None:
        """Every key can be set there."""
        values: dict[str, Any] = {
            "enabled": True,
            "output": None,
            "console": "never",
            "level": "warn",
            "levels": {"memory": "warn", "mem.read": "debug", "tools": "error"},
            "theme": {"memory": "bold cyan", "tools": "color(208)", "error": "white on #ff0000"},
            "layers": {"tools": "tol"},
            "summary_chars": 80,
            "max_metadata_bytes": 1_000,
            "redact": {"keys": ["pin"], "keep": ["token"], "patterns": ["EMP-[0-9]+"]},
            "rotate": {"max_bytes": 2_000_000, "every": "hour", "keep": 3, "compress": "gzip"},
            "propagate_threads": True,
            "capture_logging": True,
            "id_random": 8,
        }
        write_tracing(**values)
        effective = load(environ={})
        redact = Redact(keys=("pin",), keep=("token",), patterns=("EMP-[0-9]+",))
        rotate = Rotate(max_bytes=2_000_000, every="hour", keep=3, compress="gzip")
        assert effective.settings == Settings(**{**values, "redact": redact, "rotate": rotate})
        assert effective.origins == dict.fromkeys(KEYS, "settings.yaml")

    @pytest.mark.parametrize("text", ["", "# only words\n", "tracing:\n", "other: {level: inof}\n", "{}"])
    def test_nothing_said(self, text: str) -> None:
        """Only the `tracing:` mapping is read; a file without one says nothing."""
        path = write(text)
        assert load(environ={}) == Effective(Settings(), dict.fromkeys(KEYS, "default"), path)

    def test_the_contracts_words(self) -> None:
        """A wrong value names file, key, what was found, what is allowed, and the nearest right spelling."""
        write_tracing(level="inof")
        (problem,) = problems_of()
        assert problem == f"settings.yaml: tracing.level: {ALLOWED_LEVELS}; got 'inof' (did you mean 'info'?)"

    def test_several_problems(self) -> None:
        """Problems of all sources are told at once, a line for each."""
        write_tracing(levle="info", console="of", levels={"memroy.read": "debug", "focus": "inof"})
        problems = problems_of(None, {"id_random": 2}, environ={"DOPEJAR_TRACE": "maybe"})
        assert [problem.partition(": expected")[0].partition(": unknown")[0] for problem in problems] == [
            "settings.yaml: tracing.console",
            "settings.yaml: tracing.levels.focus",
            "settings.yaml: tracing.levle",
            "environment: DOPEJAR_TRACE",
            "configure(): id_random",
        ]

    @pytest.mark.parametrize(
        ("levels_in", "place"), [("file", "settings.yaml: tracing."), ("arguments", "configure(): ")]
    )
    def test_undeclared_layer(self, levels_in: str, place: str) -> None:
        """A rule for an undeclared layer is an error of the source that has it, with a hint."""
        levels = {"memroy.read": "debug"}
        if levels_in == "file":
            write_tracing(levels=levels)
        (problem,) = problems_of(None, {"levels": levels} if levels_in == "arguments" else {})
        assert problem.startswith(f"{place}levels.memroy.read: expected a layer (altitude, focus, ")
        assert problem.endswith("; more under layers); got 'memroy' (did you mean 'memory'?)")

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("tracing: 3", "settings.yaml: tracing: expected a mapping; got 3"),
            ("tracing: [enabled]", "settings.yaml: tracing: expected a mapping; got ['enabled']"),
        ],
    )
    def test_no_mapping(self, text: str, problem: str) -> None:
        """A `tracing:` that is no mapping is an error."""
        write(text)
        assert problems_of() == [problem]

    @pytest.mark.parametrize(
        "text",
        [
            "tracing: {level: info",
            "tracing:\n\t- x",
            "tracing: &a *b",
            "tracing: {output: 2024-13-01}",
            "? [a]\n: b",
            "a: " + "[" * 2_000,
            "a: \x01",
        ],
    )
    def test_invalid_yaml(self, text: str) -> None:
        """What is no YAML, or means something else than data, is an error in one line."""
        write(text)
        (problem,) = problems_of()
        assert problem.startswith("settings.yaml: not valid YAML: ")

    def test_not_utf8(self) -> None:
        """So is a file that is no text."""
        Path("settings.yaml").write_bytes(b"tracing: \xff\xfe")
        (problem,) = problems_of()
        assert problem.startswith("settings.yaml: not valid YAML: ")

    def test_unreadable(self) -> None:
        """A file that was named and cannot be read is an error that says why."""
        Path("folder").mkdir()
        assert problems_of("lost.yaml") == ["lost.yaml: cannot be read: No such file or directory"]
        assert problems_of(environ={"DOPEJAR_SETTINGS": "folder"}) == [
            "folder: cannot be read: Is a directory"
        ]


class TestLenient:
    """The automatic start goes on with what is right."""

    def test_right(self) -> None:
        """Where nothing is wrong, nothing is said."""
        write_tracing(enabled=True)
        assert load(environ={}, lenient=True) == load(environ={})

    def test_wrong_file(self) -> None:
        """A file with a wrong key is left aside as a whole; defaults and environment count."""
        write_tracing(enabled=True, summary_chars=50, level="inof")
        effective = load(environ={"DOPEJAR_TRACE_CONSOLE": "always"}, lenient=True)
        assert effective.settings == Settings(console="always")
        assert effective.problems == tuple(problems_of())

    def test_wrong_variable(self) -> None:
        """A wrong variable is left aside, the others and the file count."""
        write_tracing(enabled=True, level="debug")
        environ = {"DOPEJAR_TRACE_LEVEL": "x", "DOPEJAR_TRACE_OUTPUT": "o.jsonl"}
        effective = load(environ=environ, lenient=True)
        assert effective.settings == Settings(enabled=True, level="debug", output="o.jsonl")
        assert len(effective.problems) == 1

    def test_undeclared_layer(self) -> None:
        """Rules that name an undeclared layer are left aside."""
        write_tracing(enabled=True, levels={"nowhere": "debug", "memory": "debug"})
        effective = load(environ={}, lenient=True)
        assert effective.settings == Settings(enabled=True)
        assert effective.origins["levels"] == "default"
        assert len(effective.problems) == 1

    def test_no_file(self) -> None:
        """A file that cannot be read is left aside."""
        effective = load(environ={"DOPEJAR_SETTINGS": "lost.yaml", "DOPEJAR_TRACE": "1"}, lenient=True)
        assert effective.settings == Settings(enabled=True)
        assert effective.problems == ("lost.yaml: cannot be read: No such file or directory",)


data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=6,
)
right = st.sampled_from(["debug", "auto", "mem", "tol", True, None, 8, {"memory": "info"}, {"tools": "tol"}])
anything = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), right | data, max_size=4)


class TestAnything:
    """Whatever stands in the sources."""

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(anything)
    def test_values(self, values: dict[str, Any]) -> None:
        """Any data are settings, or an error of ours; the same from a file and as arguments."""
        write_tracing(**values)
        lenient = load(environ={}, lenient=True)
        if lenient.problems:
            assert problems_of() == "\n".join(lenient.problems).splitlines()
            assert problems_of(None, values)
        else:
            assert load(environ={}).settings == load(None, values, environ={}).settings == lenient.settings

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(st.binary() | st.text("tracing: {}[]&*!?|>-\n#'\"~0").map(str.encode))
    def test_bytes(self, content: bytes) -> None:
        """Any file is read, or named in an error of ours."""
        Path("settings.yaml").write_bytes(content)
        effective = load(environ={}, lenient=True)
        assert effective.file == Path("settings.yaml")
        assert all(problem.startswith("settings.yaml: ") for problem in effective.problems)
