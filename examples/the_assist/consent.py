"""Focus: what a person lets the assistant keep. Also decides how much of their words anybody else sees."""

from __future__ import annotations

from dopejar_tracing.points import focus
from the_assist.journal import Journal
from the_assist.state import State


class Consent:
    """Granted until it is revoked; a revocation outlives the process."""

    def __init__(self, state: State, journal: Journal) -> None:
        self._state = state
        self._journal = journal
        self.verdict = False

    def begin_turn(self) -> None:
        """Forget the last turn's verdict: what nobody asks consent for is not allowed."""
        self.verdict = False

    def change(self, *, granted: bool) -> str:
        """Grant or revoke it; returns the reply."""
        self._state.consent = granted
        return f"Consent to keeping your words is {'on' if granted else 'off'}."

    def check(self, operation: str) -> bool:
        """Ask once, before the first deed; the answer holds for the rest of the turn."""
        self.verdict = self._state.consent
        self._journal.note("consent", operation=operation, allowed=self.verdict)
        focus.consent_check.event(operation=operation, allowed=self.verdict)
        return self.verdict

    def shown(self, words: str) -> str:
        """What trace and journal may hold of a person's words: without consent, how many there were."""
        return words if self._state.consent else f"{len(words)} characters"
