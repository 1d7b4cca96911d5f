"""Bytes → lines, however the bytes come in pieces."""

from __future__ import annotations

LONGEST = 256 << 20
"""Bytes of a line; of what is longer, nothing is kept."""
UNREADABLE = b"\0"
"""Stands for a longer line. No JSON: it is counted as what it stands for is, a bad line."""
BEGIN, KEPT = 256, 1024
"""Bytes of the beginning and of the end of a line that are always known."""


class Splitter:
    """Cuts bytes into lines; the piece of one whose newline has not come waits for the rest.

    Args:
        longest: bytes of a line that is kept.

    Attributes:
        pending: bytes of the piece that waits.
        begin: its first bytes, at most `BEGIN`: of our lines, an ID and a time that no other has.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self.pending = 0
        self.begin = b""
        self._longest = longest
        self._piece = bytearray()  # grows by what is added, not by copies of the whole

    @property
    def tail(self) -> bytes:
        """The end of the piece that waits, at most `KEPT` bytes."""
        return bytes(self._piece[-KEPT:])

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are whole now, without their newlines."""
        end = data.rfind(b"\n")
        if end < 0:
            self._hold(data)
            return []
        lines = data[:end].split(b"\n")
        if self.pending:
            lines[0] = UNREADABLE if self.pending > self._longest else bytes(self._piece + lines[0])
        self.forget()
        self._hold(data[end + 1 :])
        return lines

    def forget(self) -> None:
        """Drop the piece: its rest will not come."""
        self._piece = bytearray()
        self.pending = 0
        self.begin = b""

    def _hold(self, data: bytes) -> None:
        if len(self.begin) < BEGIN:
            self.begin += data[: BEGIN - len(self.begin)]
        self._piece += data
        self.pending += len(data)
        if self.pending > self._longest:
            del self._piece[:-KEPT]
