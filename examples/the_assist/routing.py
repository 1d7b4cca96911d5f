"""Focus: which signals there are, and who answers to each."""

from __future__ import annotations

from dataclasses import dataclass

from dopejar_tracing.points import focus


@dataclass(frozen=True)
class Signal:
    """What a person's words can be about.

    Attributes:
        level: the altitude it belongs to.
        above: the signal it is treated as when it is too delicate to take at its word.
        stance: what it needs.
        gate: what guards that stance.
        bundle: who answers, by name.
        agents: who that is; the first one leads.
        cues: words that stand for it.
    """

    level: str
    above: str
    stance: str
    gate: str
    bundle: str
    agents: tuple[str, ...]
    cues: frozenset[str]


def _signal(level: str, above: str, stance: str, gate: str, bundle: str, agents: str, cues: str) -> Signal:
    return Signal(level, above, stance, gate, bundle, tuple(agents.split()), frozenset(cues.split()))


# fmt: off
SIGNALS = {
    "reflect": _signal("L4", "ask", "sensemaking", "FramingGate", "counsel", "guide strategist",
                       "who why identity values believe purpose meaning"),
    "direct":  _signal("L3", "reflect", "sensemaking", "FramingGate", "direction", "strategist counter",
                       "strategy goal goals direction quarter year priority priorities vision"),
    "explore": _signal("L3", "reflect", "discovery", "FramingGate", "discovery", "scout counter",
                       "idea ideas option options maybe explore imagine alternatives"),
    "plan":    _signal("L2", "direct", "discovery", "FramingGate", "planning", "scribe counter",
                       "plan week organise organize schedule steps project prepare list"),
    "review":  _signal("L2", "direct", "evaluation", "EvaluationGate", "review", "reviewer counter",
                       "review evaluate done check learned went result results"),
    "act":     _signal("L1", "plan", "execution", "CommitmentGate", "delivery", "doer counter",
                       "now today next send call write open start finish"),
    "alarm":   _signal("L1", "plan", "execution", "EmergencyGate", "response", "responder counter",
                       "emergency urgent alarm fire broken down"),
    # Of no level of its own, and no agent's business: the person decides.
    "ask":     _signal("", "ask", "", "", "desk", "person", ""),
}
# fmt: on
AT_LEVEL = {"L4": "reflect", "L3": "direct", "L2": "plan", "L1": "act"}
"""What a signal turns into when the talk cannot get down to its level."""

ALONE = "answer"
"""The strategy that needs no more than the leading agent."""


def route(signal: str, strategy: str) -> tuple[str, ...]:
    """The agents who answer to a signal."""
    found = SIGNALS[signal]
    agents = found.agents[:1] if strategy == ALONE else found.agents
    focus.route.event(signal_type=signal, bundle=found.bundle, agents=agents)
    return agents
