"""Secrets, from the call to the file and to the console."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from helpers import Line, run_python
from terminal import Terminal

from dopejar_tracing import bind_trace, configure, get_logger, shutdown, trace_event

KEY = "sk-" + "proj-" + "aB3dE5gH7jK9mN1p" * 2
Lines = Callable[[], list[Line]]

SPEAK = f"""
key = {KEY!r}
with t.bind_trace("altitude", f"call {{key}}", input=f"with {{key}}", password=key, component=key) as span:
    span.set_output(f"Bearer {{key}}", deep=[{{"api_key": "hunter2", "text": key}}])
    t.trace_event("focus", "gate_check", input={{"token": "hunter2"}}, output=key, tokens_saved=45)
    t.get_logger("x").warning(f"password=hunter2 {{key}}", secret="hunter2", keyboard="qwerty")
    span.block(f"for {{key}}")
try:
    with t.bind_trace("altitude", "failing"):
        raise ValueError(f"wrong key: {{key}}")
except ValueError: pass
"""


class TestEverywhere:
    """A secret in every field."""

    def test_file_and_pipe(self, tmp_path: Path) -> None:
        """None is written, none is shown; what only sounds like one is."""
        code = f"import dopejar_tracing as t\nt.configure(enabled=True, console='always')\n{SPEAK}"
        done = run_python(code, tmp_path)
        text = (tmp_path / "trace.jsonl").read_text()
        for shown in (text, done.stderr):
            assert KEY not in shown
            assert KEY[8:20] not in shown
            assert "hunter2" not in shown
            assert "[redacted]" in shown
        gate, log, call, failing = map(json.loads, text.splitlines())
        assert gate["metadata"] == {"tokens_saved": 45}
        assert log["metadata"] == {
            "secret": "[redacted]",
            "keyboard": "qwerty",
            "level": "warn",
            "logger": "x",
        }
        assert call["operation"] == "call [redacted]"
        assert call["metadata"]["deep"] == [{"api_key": "[redacted]", "text": "[redacted]"}]
        assert failing["metadata"]["error"] == "wrong key: [redacted]"

    def test_live(self, tmp_path: Path) -> None:
        """None is shown of a span that is still open."""
        code = f'with t.bind_trace("altitude", "call {KEY}", input="with {KEY}"): gate()'
        with Terminal(code, tmp_path) as terminal:
            terminal.until("[alt] call [redacted]: with [redacted]")
            terminal.go()
            assert terminal.ended() == 0
            assert KEY[:12] not in terminal.raw.decode()

    def test_cut(self, lines: Lines) -> None:
        """No half of one is left where a summary or a value is cut."""
        for before in range(60, 110):
            trace_event("sys", "x", input="a" * before + " " + KEY, output=" " * before + KEY)
        trace_event("sys", "x", text="a" * 16_360 + " " + KEY)
        trace_event("sys", "x", text=["a" * 16_360 + " " + KEY])
        assert KEY[:8] not in json.dumps(lines())

    def test_names_of_another_type(self, lines: Lines) -> None:
        """A name may be a member of a StrEnum, and still says that its value is a secret."""

        class Name(StrEnum):
            PASSWORD = "password"

        given: dict[Any, Any] = {Name.PASSWORD: "hunter2"}
        trace_event("memory", "write", **given)
        with bind_trace("memory", "write", **given) as span:
            span.set_output("written", **given)
        with bind_trace("memory", "write") as span:
            span.block("no", **given)
        get_logger().info("x", **given)
        for line in lines():
            assert line["metadata"]["password"] == "[redacted]"
            assert "encoding_error" not in line["metadata"]


class TestSettings:
    """`redact`."""

    def test_off(self, tmp_path: Path) -> None:
        """Nothing is masked when that is switched off."""
        configure(enabled=True, output="t", console="never", redact=False)
        with bind_trace("sys", "x", input=KEY, password="hunter2"):
            pass
        shutdown()
        line = json.loads((tmp_path / "t").read_text())
        assert (line["input_summary"], line["metadata"]["password"]) == (KEY, "hunter2")

    def test_own(self, tmp_path: Path) -> None:
        """A person's own keys and patterns count, and keys to keep are kept."""
        redact = {"keys": ["badge"], "patterns": [r"\bEMP-\d+", "(x+x+)+y"], "keep": ["token"]}
        configure(enabled=True, output="t", console="never", redact=redact)
        trace_event("sys", "x", input="of EMP-12", badge_number=7, token="plain", n="x" * 5_000)
        get_logger().info("EMP-13 came", badge={"number": 8})
        shutdown()
        first, second = map(json.loads, (tmp_path / "t").read_text().splitlines())
        assert first["input_summary"] == "of [redacted]"
        assert first["metadata"]["badge_number"] == "[redacted]"
        assert first["metadata"]["token"] == "plain"
        assert second["input_summary"] == "[redacted] came"
        assert second["metadata"] == {"badge": "[redacted]"}
