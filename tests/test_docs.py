"""What the documentation shows is run, so that it cannot drift."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from corpora.hostile import HOSTILE
from corpora.secrets import CARD_TEXTS, CLEAN_KEYS, CLEAN_TEXTS, PAIRS, TOKENS
from helpers import KEYS, ROOT, clean_environment, read_lines, run_python
from spans import span
from traces import event, write

from dopejar_tracing.cli.stats import LAST, SLOWEST, SLOWEST_IN_TEXT, SORTS, stats
from dopejar_tracing.cli.view import view
from dopejar_tracing.model.copier import MAX_DEPTH, MAX_ITEMS, MAX_TEXT
from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.forest import build_forest
from dopejar_tracing.model.growth import MAX_HELD
from dopejar_tracing.model.ids import Mint
from dopejar_tracing.notices import Gap
from dopejar_tracing.read.find.gather import MAX_HELD as MAX_HELD_LINES
from dopejar_tracing.read.find.gather import PATIENCE
from dopejar_tracing.read.find.live import SETTLE
from dopejar_tracing.read.input.blocks import MAX_LINE
from dopejar_tracing.read.input.reading import WHOLE
from dopejar_tracing.read.query.where import NAMES
from dopejar_tracing.read.sums.compare import CONFIDENT, ENOUGH
from dopejar_tracing.read.sums.durations import LONGEST
from dopejar_tracing.read.sums.limits import METRICS
from dopejar_tracing.read.sums.nesting import MAX_STRETCHES, MAX_WAITING
from dopejar_tracing.read.sums.summarize import GROUPINGS
from dopejar_tracing.settings import load
from dopejar_tracing.settings.rotate import Rotate
from dopejar_tracing.show.line import plain
from dopejar_tracing.show.tree import event_line, tree_lines
from dopejar_tracing.sinks.console.drawer import INTERVAL
from dopejar_tracing.sinks.console.frames import AFTER_NS, LONG_NS, STILL
from dopejar_tracing.sinks.console.host import APART
from dopejar_tracing.sinks.jsonl.appender import LOOK, PAUSE
from dopejar_tracing.sinks.jsonl.gap import gap_line

README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str, text: str = README) -> list[str]:
    """The code blocks in a language, of the README or another text."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


CONTEXT = (ROOT / "docs/context.md").read_text("utf-8")
RELIABILITY = (ROOT / "docs/reliability.md").read_text("utf-8")


class TestReliability:
    """docs/reliability.md."""

    def test_line_shown(self) -> None:
        """The line shown is what the file says of a gap."""
        (block,) = blocks("json", RELIABILITY)
        shown = json.loads(block)
        made = gap_line(Gap(1_649, "No space left on device", 0), Mint())
        assert list(shown) == list(made) == KEYS
        assert list(shown["metadata"]) == list(made["metadata"])
        changing = {"trace_id", "timestamp", "duration_ms", "metadata"}
        assert {key: shown[key] for key in KEYS if key not in changing} == {
            key: made[key] for key in KEYS if key not in changing
        }

    def test_settings(self, tmp_path: Path) -> None:
        """The settings shown are valid."""
        (block,) = blocks("yaml", RELIABILITY)
        (tmp_path / "settings.yaml").write_text(block)
        assert load().settings.rotate == Rotate(max_bytes=100_000_000, every="day", keep=10, compress="gzip")

    def test_numbers(self) -> None:
        """The bounds and the sizes of the corpora are those of the code."""
        for words in (
            f"{MAX_DEPTH} levels, {MAX_ITEMS:,} values, {MAX_TEXT:,} characters",
            f"{PAUSE * 1e6:.0f} µs and that was done within the last {LOOK * 1e6:.0f} µs",
            f"| {len(HOSTILE)} hostile ones",
            f"| {len(TOKENS) + len(CARD_TEXTS) + len(PAIRS)} in 8 fields",
            f"| {len(CLEAN_TEXTS) + len(CLEAN_KEYS)} texts and names",
        ):
            assert words in " ".join(RELIABILITY.split())


class TestReadme:
    """README.md."""

    @pytest.mark.parametrize("code", [*blocks("python"), *blocks("python", CONTEXT)])
    def test_python(self, code: str, tmp_path: Path) -> None:
        """Each program runs without a word of warning, traced."""
        done = run_python(code, tmp_path, "-W", "error", env={"DOPEJAR_TRACE": "1"})
        assert done.returncode == 0, done.stderr
        assert "Error" not in done.stderr
        assert not any("unknown_layer" in line["metadata"] for line in read_lines(tmp_path / "trace.jsonl"))

    def test_ten_lines(self, tmp_path: Path) -> None:
        """The first program draws its tree, and writes a line for each of its decisions."""
        code = blocks("python")[0]
        assert sum(bool(line.strip()) for line in code.splitlines()) <= 10
        done = run_python(code, tmp_path)
        operations = [line["operation"] for line in read_lines(tmp_path / "trace.jsonl")]
        assert operations == ["gate_check", "write", "log", "transition"]
        assert done.stderr.splitlines()[1] == "  ├─[foc] gate_check: WriteApprovalGate → allowed"

    def test_settings(self, tmp_path: Path) -> None:
        """The settings shown are valid."""
        (block,) = blocks("yaml")
        (tmp_path / "settings.yaml").write_text(block)
        assert load().settings.levels == {"memory": "warn", "memory.read": "debug"}
        assert yaml.safe_load(block).keys() == {"tracing"}

    def test_line_shown(self) -> None:
        """The line shown has the contract's form."""
        (block,) = blocks("json")
        assert list(json.loads(block)) == KEYS

    def test_picture(self) -> None:
        """The picture is what the console draws."""
        (picture,) = blocks("text")
        shown = [
            ("alt", None, "altitude", "transition", "L3→L2", "success", 5, {}),
            ("foc", "alt", "focus", "gate_check", "WriteApprovalGate", "allowed", 2, {}),
            ("mem", "foc", "memory", "write", "altitude.session", "written", 3, {"tokens_saved": 45}),
        ]
        events = [
            TraceEvent(own, parent, str(at), layer, operation, "x.py", given, made, ms, "success", metadata)
            for at, (own, parent, layer, operation, given, made, ms, metadata) in enumerate(shown)
        ]
        (root,) = build_forest(events)
        lines = tree_lines(root, lambda node: event_line(node.event))
        assert "".join(f"{plain(line)}\n" for line in lines) == picture

    def test_links(self) -> None:
        """What it links to exists."""
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
            assert (ROOT / target).exists(), target

    def test_make_targets(self) -> None:
        """The commands it names are in the Makefile."""
        makefile = (ROOT / "Makefile").read_text("utf-8")
        for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
            assert f"\n{target}:" in makefile


class TestConsole:
    """docs/console.md."""

    TEXT = (ROOT / "docs/console.md").read_text("utf-8")

    def test_settings(self, tmp_path: Path) -> None:
        """The theme shown is valid."""
        (block,) = blocks("yaml", self.TEXT)
        (tmp_path / "settings.yaml").write_text(block)
        assert load().settings.theme == {"memory": "bright_cyan", "blocked": "bold black on yellow"}

    def test_figures(self) -> None:
        """The figures that it names are the code's."""
        held, after = f"{MAX_HELD:,} finished events", f"open for longer than {AFTER_NS / 1e9} s"
        assert (LONG_NS, APART, STILL, INTERVAL) == (10_000_000_000, 10, 1, 0.1)  # named in words
        assert held in self.TEXT
        assert f"From {MAX_HELD // 2:,} on" in self.TEXT
        assert after in self.TEXT


class TestViewer:
    """docs/viewer.md."""

    TEXT = (ROOT / "docs/viewer.md").read_text("utf-8")

    @pytest.mark.parametrize("shown", blocks("console", TEXT))
    def test_console(self, shown: str, tmp_path: Path) -> None:
        """Each command prints what is shown."""
        shutil.copy(ROOT / "tests/corpora/two_requests.jsonl", tmp_path)
        typed, _, expected = shown.removeprefix("$ ").partition("\n")
        words = shlex.split(typed.replace("dopejar-trace", f"{sys.executable} -m dopejar_tracing", 1))
        done = subprocess.run(
            words, cwd=tmp_path, env=clean_environment(), text=True, timeout=300,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.stdout == expected

    def test_options(self) -> None:
        """Every option of the command is there, and no other."""
        named = set(re.findall(r"`(--?[a-z][a-z-]*)", self.TEXT)) - {"--layer"}
        options = {option for each in view.params for option in each.opts if option.startswith("-")}
        assert named - options <= {"--no-rotated"}
        assert {each.opts[0] for each in view.params if each.opts[0].startswith("--")} - named <= {
            "--rotated"
        }

    def test_figures(self) -> None:
        """The bounds that it names are the code's."""
        assert (MAX_HELD_LINES, PATIENCE, MAX_LINE, WHOLE, SETTLE) == (100_000, 10_000, 1 << 24, 1 << 22, 10)
        for name in NAMES:
            assert name in self.TEXT


class TestStats:
    """docs/stats.md."""

    TEXT = (ROOT / "docs/stats.md").read_text("utf-8")

    @pytest.mark.parametrize("shown", blocks("console", TEXT))
    def test_console(self, shown: str, tmp_path: Path) -> None:
        """Each command prints what is shown, but for blanks at the end of rows."""
        shutil.copy(ROOT / "tests/corpora/two_requests.jsonl", tmp_path)
        altitude = [span(f"alt_1_{at}", None, at, at + 8_000 + at * 7 % 90) for at in range(90)]
        for name, least, others in (("before", 3_000, []), ("after", 4_400, [event("foc_1_a")])):
            memory = [span(f"mem_1_{at}", None, at, at + least + least * at // 200) for at in range(60)]
            write(tmp_path / f"{name}.jsonl", [*altitude, *memory, *others])
        typed, _, expected = shown.removeprefix("$ ").partition("\n")
        words = shlex.split(typed.replace("dopejar-trace", f"{sys.executable} -m dopejar_tracing", 1))
        done = subprocess.run(
            words, cwd=tmp_path, env=clean_environment({"COLUMNS": "80"}), text=True, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert [row.rstrip() for row in done.stdout.splitlines()] == expected.splitlines()
        assert done.returncode == ("which breaks" in expected)

    def test_options(self) -> None:
        """Every option of the command is there, and no other."""
        named = set(re.findall(r"`(--?[a-z][a-z-]*)", self.TEXT))
        options = {option for each in stats.params for option in each.opts if option.startswith("-")}
        assert named - options <= {"--no-rotated", "--text"}
        assert {each.opts[0] for each in stats.params if each.opts[0].startswith("--")} - named <= {
            "--rotated"
        }

    def test_figures(self) -> None:
        """The bounds and names that it names are the code's."""
        assert (LAST, SLOWEST, SLOWEST_IN_TEXT, ENOUGH, CONFIDENT) == (1_000, 10, 2, 20, 0.95)
        assert (MAX_WAITING, MAX_STRETCHES, LONGEST // (365 * 86_400_000_000)) == (100_000, 10_000, 31)
        for name in (*GROUPINGS, *SORTS, *METRICS):
            assert f"`{name}`" in self.TEXT
