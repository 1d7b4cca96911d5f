"""The catalogue: the seed's 20 trace points, typed. One line each; an application writes its own the same way.

    with altitude.transition(from_level="L3", to_level="L2", reason="user asked") as span: ...
    focus.gate_check.event(gate_type="WriteApprovalGate", decision="allowed", reason="consent")

    @memory.read.traced(namespace="{namespace}", key="{key}", tier="warm")
    def read(self, namespace: str, key: str) -> object: ...

A type checker knows the fields of each. A field that is not known yet is `LATER`. How a point is defined, and what
can be overridden: `Point`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dopejar_tracing.emit.typed import LATER, Point, PointType, Rule

__all__ = ["LATER", "Point", "altitude", "catalogue", "focus", "learning", "memory", "reasoning"]

# fmt: off
# ruff: noqa: D106, E501, E701, E702, N801

class altitude:
    """Scope: from identity (L4) to the moment (L1)."""

    class transition(Point, input="{from_level}→{to_level}", output="success"): from_level: str; to_level: str; reason: str
    class evaluate(Point, input="{altitude}", output="{verdict}"):              altitude: str; verdict: str; confidence: float
    class plan(Point, input="{altitude}: {intent}", output="{plan_summary}"):   altitude: str; intent: str; plan_summary: str
    class execute(Point, input="{altitude}: {action_type}"):                    altitude: str; action_type: str


class focus:
    """Control: stances, gates, lanes, consent, routing."""

    class stance_change(Point, input="{from_stance}→{to_stance}"):                           from_stance: str; to_stance: str; gate: str
    class gate_check(Point, input="{gate_type}", output="{decision:allowed/denied}"):        gate_type: str; decision: str | bool; reason: str
    class lane_switch(Point, input="{from_lane}→{to_lane}"):                                 from_lane: str; to_lane: str; reason: str
    class consent_check(Point, input="{operation}", output="{allowed:allowed/refused}"):     operation: str; allowed: bool
    class route(Point, input="{signal_type}", output="{bundle}: {agents}"):                  signal_type: str; bundle: str; agents: Sequence[str]


class reasoning:
    """Strategy."""

    class classify(Point, output="{input_type}"):                input_type: str; confidence: float
    class route(Point, output="{strategy}"):                     strategy: str; reason: str
    class escalate(Point, input="{from_level}→{to_level}"):      from_level: str; to_level: str; trigger: str


class learning:
    """Patterns."""

    class pattern_match(Point, input="{pattern_code}", output="{confidence}"):       pattern_code: str; confidence: float
    class pattern_add(Point, input="{pattern_code}"):                                pattern_code: str; source: str
    class pattern_trim(Point, input="{pattern_code}"):                               pattern_code: str; reason: str
    class generalize(Point, input="{from_patterns}", output="{to_pattern}"):         from_patterns: Sequence[str]; to_pattern: str


class memory:
    """What is kept, and how near."""

    class read(Point, input="{namespace}.{key}", level="debug"):             namespace: str; key: str; tier: str
    class write(Point, input="{namespace}.{key}", output="written"):         namespace: str; key: str; tier: str; tokens_saved: int
    class promote(Point, input="{key}", output="{from_tier}→{to_tier}"):     key: str; from_tier: str; to_tier: str
    class demote(Point, input="{key}", output="{from_tier}→{to_tier}"):      key: str; from_tier: str; to_tier: str
# fmt: on


def catalogue() -> Iterator[Rule]:
    """The 20 points, in the order of the seed's tables."""
    for layer in (altitude, focus, reasoning, learning, memory):
        for point in vars(layer).values():
            if isinstance(point, PointType):
                yield point.rule
