"""The seed's tracer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import Line, by_operation

from dopejar_tracing import Tracer, configure, tracer

Lines = Callable[[], list[Line]]


class TestSeedUsage:
    """Code that was written to the seed, with only its import changed."""

    def test_usage_examples(self, lines: Lines) -> None:
        """Governor, gates and memory as the seed wrote them; the output is what was set."""

        class AltitudeGovernor:
            def transition(self, from_level: int, to_level: int, reason: str) -> None:
                with tracer.span("alt", "transition", "altitude.py", f"L{from_level}→L{to_level}") as ctx:
                    GateController().check_gate("WriteApprovalGate", {"by": "user"})
                    MemoryManager().write("altitude", "session", {})
                    if ctx:
                        ctx.set_output("success", reason=reason)

        class GateController:
            def check_gate(self, gate_type: str, context: dict[str, Any]) -> bool:
                allowed = True
                tracer.event(
                    hrm="foc",
                    operation="gate_check",
                    component="gates.py",
                    input_data=gate_type,
                    output_data="allowed" if allowed else "denied",
                    metadata={"context": context},
                )
                return allowed

        class MemoryManager:
            def write(self, namespace: str, key: str, data: dict[str, Any]) -> None:
                with tracer.span("mem", "write", "manager.py", f"{namespace}.{key}") as ctx:
                    if ctx:
                        ctx.set_output("written", tokens_saved=45)

        AltitudeGovernor().transition(3, 2, "user requested tactical")
        found = by_operation(lines())
        transition, gate, write = found["transition"], found["gate_check"], found["write"]
        assert transition["output_summary"] == "success"
        assert transition["metadata"]["reason"] == "user requested tactical"
        assert (transition["hrm_layer"], transition["component"]) == ("altitude", "altitude.py")
        assert gate["output_summary"] == "allowed"
        assert gate["metadata"] == {"context": {"by": "user"}}
        assert gate["duration_ms"] == 0
        assert write["output_summary"] == "written"
        assert write["metadata"]["tokens_saved"] == 45
        assert gate["parent_id"] == write["parent_id"] == transition["trace_id"]

    def test_disabled(self, tmp_path: Path) -> None:
        """The seed's `if ctx:` skips the work while tracing is off."""
        configure(enabled=False)
        with tracer.span("alt", "transition", "altitude.py") as ctx:
            assert not ctx
        tracer.event("foc", "gate_check", "gates.py")
        assert list(tmp_path.iterdir()) == []

    def test_status(self, lines: Lines) -> None:
        """An event takes the seed's status."""
        tracer.event("foc", "gate_check", "gates.py", "in", "out", "blocked")
        (line,) = lines()
        assert (line["input_summary"], line["output_summary"], line["status"]) == ("in", "out", "blocked")


class TestTracer:
    """The singleton."""

    def test_singleton(self) -> None:
        """There is one."""
        assert Tracer() is tracer

    def test_enabled(self, lines: Lines) -> None:
        """`enabled` tells, and may be set."""
        assert tracer.enabled is True
        tracer.enabled = False
        assert tracer.enabled is False

    @pytest.mark.parametrize(
        ("hrm", "prefix"), [("alt", "alt"), ("altitude", "alt"), ("reasoning", "rsn"), ("tools", "too")]
    )
    def test_generate_id(self, lines: Lines, hrm: str, prefix: str) -> None:
        """IDs have the form of contract §2, whichever spelling is given, tracing on or off."""
        assert re.fullmatch(rf"{prefix}_\d{{10}}_([0-9a-z]{{4}}|[0-9a-z]{{8}})", tracer.generate_id(hrm))
        configure(enabled=False)
        assert tracer.generate_id(hrm).startswith(f"{prefix}_")

    def test_component(self, lines: Lines) -> None:
        """Without a component it is the caller's file."""
        with tracer.span("alt", "x"):
            tracer.event("alt", "y")
        assert {line["component"] for line in lines()} == {"test_tracer.py"}
