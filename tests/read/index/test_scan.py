"""Files → heads of lines, and where these are."""

from __future__ import annotations

import json
from pathlib import Path

from dopejar_tracing.read.index.scan import Scanner
from dopejar_tracing.read.index.shelf import Shelf
from dopejar_tracing.read.input.source import Source


def line(trace_id: str) -> bytes:
    """As much of a line as is looked at."""
    return json.dumps(
        {"trace_id": trace_id, "parent_id": None, "timestamp": "2026", "status": "success", "x": 1}
    ).encode()


def scanned(path: Path, shelf: Shelf) -> tuple[Scanner, list[str]]:
    """The scanner, and the IDs of the lines that stand where it says."""
    scanner = Scanner(shelf)
    found = []
    for heads, places in scanner.scan([Source(str(path))]):
        for head, place in zip(heads, places, strict=True):
            assert json.loads(shelf.line(place))["trace_id"] == head.trace_id
            found.append(head.trace_id)
    return scanner, found


class TestScan:
    """Whole files."""

    def test_many_blocks(self, tmp_path: Path) -> None:
        """Every line of a file of many blocks is found where it is."""
        path = tmp_path / "a"
        ids = [f"alt_{number}" for number in range(10_000)]
        path.write_bytes(b"".join(line(trace_id) + b"\n" for trace_id in ids))
        shelf = Shelf()
        scanner, found = scanned(path, shelf)
        assert found == ids
        assert scanner.bad_lines == 0
        shelf.close()

    def test_bad_lines(self, tmp_path: Path) -> None:
        """Bad lines are counted, with the place of the first; blank ones are no lines."""
        path = tmp_path / "a"
        path.write_bytes(
            b"\n".join([line("a"), b"", b"torn", b"\xff", b"[]", line("b") + line("c"), line("d")])
        )
        shelf = Shelf()
        scanner, found = scanned(path, shelf)
        assert found == ["a", "d"]
        assert (scanner.bad_lines, scanner.first_bad) == (4, f"{path}:3")
        shelf.close()

    def test_mark(self, tmp_path: Path) -> None:
        """A file is read on where it ended; a last line that is torn is read again."""
        path = tmp_path / "a"
        path.write_bytes(line("a") + b"\n" + line("b")[:20])
        shelf = Shelf()
        scanner, found = scanned(path, shelf)
        mark = scanner.mark(str(path))
        assert found == ["a"]
        assert mark is not None
        assert mark.offset == len(line("a")) + 1
        assert mark.is_of(path.stat())
        assert scanner.mark("-") is None
        shelf.close()

    def test_later_lines(self) -> None:
        """Lines that came later are kept."""
        shelf = Shelf()
        scanner = Scanner(shelf)
        heads, places = scanner.scan_lines("a", [line("a"), b"torn", line("b")])
        assert [head.trace_id for head in heads] == ["a", "b"]
        assert [shelf.line(place) for place in places] == [line("a"), line("b")]
        assert (scanner.bad_lines, scanner.first_bad) == (1, "a")
        shelf.close()
