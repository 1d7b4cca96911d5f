"""Memory: what is worth keeping, in as few words as will do, as near as it is needed."""

from __future__ import annotations

from pathlib import Path

from dopejar_tracing.points import LATER, memory
from the_assist.consent import Consent
from the_assist.files import TornFileError
from the_assist.journal import Journal
from the_assist.state import Place, State
from the_assist.tiers import TIERS, Data, Tier, condense, tokens

IDLE_TURNS = {"hot": 3, "warm": 6}
"""How long a memory may lie unused before it goes one tier down."""
READS_TO_HOT = 3
OWN = frozenset({"altitude"})
"""Namespaces whose keys are the assistant's own words; elsewhere a key is a person's."""


class MemoryManager:
    """Knows where everything lies, and moves it."""

    def __init__(self, folder: Path, state: State, journal: Journal, consent: Consent) -> None:
        self._tiers = {name: Tier(folder, name) for name in TIERS}
        self._state = state
        self._journal = journal
        self._consent = consent

    def read(self, namespace: str, key: str) -> Data | None:
        """What is kept under the key; None if nothing is.

        Raises:
            TornFileError: the file it lies in is torn.
        """
        place = self._state.places.get(f"{namespace}.{key}")
        tier = place.tier if place else "none"
        shown = self._shown(namespace, key)
        with (
            memory.read(namespace=namespace, key=shown, tier=tier) as span,
            self._journal.attempt("read", namespace=namespace, key=shown, tier=tier),
        ):
            if place is None:
                span.set_output("nothing")
                return None
            data = self._tiers[tier].get(namespace, key)
        self._touch(namespace, key, place)
        return data

    def write(self, namespace: str, key: str, data: Data) -> None:
        """Keep the data, condensed. Only a gate may call this.

        Raises:
            TornFileError: the file it would go to is torn.
        """
        place = self._state.places.get(f"{namespace}.{key}") or Place("warm", self._state.turn)
        if place.tier == "cold":
            self._move(namespace, key, place, "warm")
        kept, shown = condense(data), self._shown(namespace, key)
        with (
            memory.write(namespace=namespace, key=shown, tier=place.tier, tokens_saved=LATER) as span,
            self._journal.attempt("write", namespace=namespace, key=shown, tier=place.tier) as entry,
        ):
            self._tiers[place.tier].put(namespace, key, kept)
            entry["saved"] = saved = tokens(data) - tokens(kept)
            span.set_output(tokens_saved=saved)
        place.used = self._state.turn
        self._state.places[f"{namespace}.{key}"] = place

    def settle(self) -> None:
        """Move down what has not been used for a while."""
        for address, place in self._state.places.items():
            idle = self._state.turn - place.used
            if place.tier in IDLE_TURNS and idle >= IDLE_TURNS[place.tier]:
                namespace, _, key = address.partition(".")
                self._move(namespace, key, place, TIERS[TIERS.index(place.tier) + 1])
                place.used = self._state.turn

    def mend(self) -> int:
        """Set torn files aside, and forget what lay in them; returns how much that was."""
        lost = [
            address for address, place in self._state.places.items() if not self._is_there(address, place)
        ]
        for tier in self._tiers.values():
            tier.mend()
        for address in lost:
            del self._state.places[address]
        return len(lost)

    def address(self, namespace: str, key: str) -> str:
        """What trace and journal may call it."""
        return f"{namespace}.{self._shown(namespace, key)}"

    def _is_there(self, address: str, place: Place) -> bool:
        namespace, _, key = address.partition(".")
        try:
            self._tiers[place.tier].get(namespace, key)
        except TornFileError:
            return False
        return True

    def _touch(self, namespace: str, key: str, place: Place) -> None:
        """Count a read; what is read again comes nearer."""
        place.used, place.reads = self._state.turn, place.reads + 1
        if place.tier == "cold":
            self._move(namespace, key, place, "warm")
        elif place.tier == "warm" and place.reads >= READS_TO_HOT:
            self._move(namespace, key, place, "hot")

    def _move(self, namespace: str, key: str, place: Place, to_tier: str) -> None:
        up = TIERS.index(to_tier) < TIERS.index(place.tier)
        point, kind = (memory.promote, "promote") if up else (memory.demote, "demote")
        address, from_tier = self.address(namespace, key), place.tier
        with (
            point(key=address, from_tier=from_tier, to_tier=to_tier),
            self._journal.attempt(kind, key=address, from_tier=from_tier, to_tier=to_tier),
        ):
            data = self._tiers[from_tier].get(namespace, key)
            self._tiers[to_tier].put(namespace, key, data)
            self._tiers[from_tier].drop(namespace, key)
            place.tier, place.reads = to_tier, 0

    def _shown(self, namespace: str, key: str) -> str:
        return key if namespace in OWN else self._consent.shown(key)
