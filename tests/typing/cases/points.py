"""Uses of typed points; a line that a type checker must reject ends in `# wrong`."""

from dopejar_tracing.points import LATER, Point, altitude, focus, memory, reasoning


class tools:  # noqa: N801
    """An application's own points."""

    class search(Point, layer="tools", input="{query}"):  # noqa: N801
        """Looks something up."""

        query: str
        hits: int = 0


with altitude.transition(from_level="L3", to_level="L2", reason="user asked") as span:
    span.set_output("success", more=1)
    span.set_outputs("success")  # wrong
altitude.transition(from_level="L3", to_level="L2")  # wrong
altitude.transition(from_level="L3", to_level="L2", reson="x")  # wrong
altitude.transition(from_level=3, to_level="L2", reason="x")  # wrong
altitude.transition("L3", "L2", "x")  # wrong
altitude.transition(from_level="L3", to_level="L2", reason="x", input="own", level="debug", component="a.py")

focus.gate_check.event(gate_type="WriteApprovalGate", decision="allowed", reason="consent")
focus.gate_check.event(gate_type="WriteApprovalGate", decision=False, reason="", status="success")
focus.gate_check.event(gate_type="WriteApprovalGate", decision="allowed")  # wrong
focus.gate_check.event(gate="WriteApprovalGate", decision="allowed", reason="consent")  # wrong
focus.route.event(signal_type="s", bundle="b", agents=["a"])
focus.route.event(signal_type="s", bundle="b", agents=5)  # wrong

with memory.write(namespace="a", key="b", tier="hot", tokens_saved=LATER) as span:
    span.set_output("written", tokens_saved=4)
with memory.write(namespace="a", key="b", tier="hot", tokens_saved="many"):  # wrong
    pass


@reasoning.classify.traced(input_type="{text}", confidence=LATER)
def classify(text: str) -> float:
    """Decorated."""
    return float(len(text))


@reasoning.classify.traced(input_typ="{text}", confidence=LATER)  # wrong
def classify_wrongly(text: str) -> float:
    """Decorated."""
    return float(len(text))


ok: float = classify("x")
bad: str = classify("x")  # wrong
classify(5)  # wrong

tools.search.event(query="weather")
tools.search.event(query="weather", hits=3)
tools.search.event(hits=3)  # wrong
tools.search.event(query="weather", hit=3)  # wrong


async def main() -> None:
    """Async spans."""
    async with reasoning.route(strategy="s", reason="r") as inner:
        inner.block("no")
    async with reasoning.route(strategy="s"):  # wrong
        pass
