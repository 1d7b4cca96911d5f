"""Memory: what is worth keeping, in as few words as will do, on disk."""

from __future__ import annotations

import json
from pathlib import Path

from dopejar_tracing import bind_trace

FILLERS = frozenset(
    """
    a an and are at be could for i in is it just let let's lets me my need of on or our please really should
    so some that the think this to us very want was we were will would you your
    """.split()
)


class MemoryManager:
    """Keeps one JSON file for each namespace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @bind_trace("memory", "read", input="{namespace}.{key}", level="debug", tier="warm")
    def read(self, namespace: str, key: str) -> object:
        """What is kept under the key; None if nothing is."""
        return self._load(namespace).get(key)

    def write(self, namespace: str, key: str, data: dict[str, str]) -> None:
        """Keep the data, condensed."""
        with bind_trace("memory", "write", input=f"{namespace}.{key}", tier="warm") as span:
            kept = {name: condense(text) for name, text in data.items()}
            values = self._load(namespace)
            values[key] = kept
            self.folder.mkdir(parents=True, exist_ok=True)
            self._path(namespace).write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")
            span.set_output("written", tokens_saved=_tokens(data) - _tokens(kept))

    def _load(self, namespace: str) -> dict[str, object]:
        try:
            values = json.loads(self._path(namespace).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return dict(values)

    def _path(self, namespace: str) -> Path:
        return self.folder / f"{namespace}.json"


def condense(text: str) -> str:
    """The text without the words that carry nothing."""
    return " ".join(word for word in text.split() if word.lower().strip(".,;:!?'\"") not in FILLERS)


def _tokens(data: dict[str, str]) -> int:
    """Tokens of all values, at the usual four characters a token."""
    return sum(len(text) for text in data.values()) // 4
