"""Focus: pieces of work, of which one is in hand and the others wait."""

from __future__ import annotations

from dopejar_tracing.points import focus
from the_assist.altitude import AltitudeGovernor
from the_assist.consent import Consent
from the_assist.gates import GateController
from the_assist.journal import Journal
from the_assist.state import Lane, State

MAIN = "main"
"""The lane that is always open."""


class Lanes:
    """Opens, pauses and resumes them; each is resumed at the altitude where it was left."""

    def __init__(
        self,
        state: State,
        journal: Journal,
        consent: Consent,
        gates: GateController,
        governor: AltitudeGovernor,
    ) -> None:
        self._state = state
        self._journal = journal
        self._consent = consent
        self._gates = gates
        self._governor = governor

    def new(self, name: str) -> str:
        """Open a lane and go there."""
        taken = "there is one of that name" if name in self._state.lanes else ""
        return self._switch(name, "a new lane", taken)

    def resume(self, name: str) -> str:
        """Go back to a lane."""
        known = name in self._state.lanes
        return self._switch(name, "resumed", "" if known else "there is no such lane")

    def pause(self) -> str:
        """Leave the present lane for the one last used."""
        here, lanes = self._state.lane, self._state.lanes
        others = [name for name in lanes if name != here and (name == MAIN or not lanes[name].paused)]
        to = max(others, key=lambda name: lanes[name].used, default=here)
        reply = self._switch(to, "paused", f"{MAIN} stays open" if here == MAIN else "")
        lanes[here].paused = here != MAIN
        return reply

    def listing(self) -> str:
        """All lanes."""
        return "; ".join(map(self._described, self._state.lanes))

    def _switch(self, to_lane: str, reason: str, objection: str) -> str:
        before = self._consent.shown(self._state.lane)
        after = self._consent.shown(to_lane)
        with (
            focus.lane_switch(from_lane=before, to_lane=after, reason=reason) as span,
            self._journal.attempt("lane", before=before, after=after) as entry,
        ):
            if not objection and to_lane not in self._state.lanes:
                objection = self._create(to_lane)
            entry["verdict"] = "blocked" if objection else "changed"
            if objection:
                span.block(objection)
                return f"Still in {self._state.lane}: {objection}."
            return self._enter(to_lane)

    def _create(self, name: str) -> str:
        """Keep a new lane's name, which is a person's word; returns what speaks against it."""
        if not self._gates.write("lanes", name, {"steps": [], "done": []}):
            return "without consent its name cannot be kept"
        self._state.lanes[name] = Lane()
        return ""

    def _enter(self, name: str) -> str:
        self._state.lanes[self._state.lane].used = self._state.turn
        lane = self._state.lanes[name]
        self._state.lane, lane.paused = name, False
        if lane.level != self._state.level:
            self._governor.reach(lane.level, "back in this lane", "where the lane was left")
        return f"In {name}, at {self._state.level}."

    def _described(self, name: str) -> str:
        lane = self._state.lanes[name]
        here = "here" if name == self._state.lane else "paused" if lane.paused else "open"
        return f"{name} ({here}, {lane.level})"
