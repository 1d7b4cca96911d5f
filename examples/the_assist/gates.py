"""Focus: the gate between a wish and a deed."""

from __future__ import annotations

from dopejar_tracing import bind_trace
from the_assist.manager import MemoryManager


class GateController:
    """Lets nothing be written that the person did not consent to."""

    def __init__(self, memory: MemoryManager) -> None:
        self.consent = True
        self._memory = memory

    def write(self, namespace: str, key: str, data: dict[str, str]) -> bool:
        """Write to the memory if the gate allows it; returns whether it did."""
        with bind_trace("focus", "gate_check", input="WriteApprovalGate", user_consent=self.consent) as span:
            if not self.consent:
                span.set_output("denied")
                span.block("consent was revoked")
                return False
            span.set_output("allowed")
            self._memory.write(namespace, key, data)
            return True
