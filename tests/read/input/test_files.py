"""Names → what is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dopejar_tracing.read.input.files import find_sources, is_there
from dopejar_tracing.read.input.source import UnreadableError

OLD, NEW = "20260113T140000.000000", "20260114T140000.000000"


def found(*names: str, siblings: bool = True) -> list[list[str]]:
    """The names of what would be read."""
    with Path("/dev/null").open("rb") as stdin:
        groups = find_sources(names, stdin=stdin, siblings=siblings)
    for source in (source for group in groups for source in group):
        source.close()
    return [[source.name for source in group] for group in groups]


@pytest.fixture(autouse=True)
def _files() -> None:
    """Two files, one of them rotated twice, and others of their folder."""
    for name in (
        "a.jsonl", f"a.jsonl.{NEW}", f"a.jsonl.{OLD}.gz", "b.jsonl", ".a.jsonl.lock", "a.jsonl.bak",
        "c[1].jsonl", f".a.jsonl.{NEW}.gz.part",
    ):  # fmt: skip
        Path(name).touch()
    Path("d.jsonl").mkdir()


class TestFindSources:
    """Groups of files."""

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (["b.jsonl"], [["b.jsonl"]]),
            (["a.jsonl"], [[f"a.jsonl.{OLD}.gz", f"a.jsonl.{NEW}", "a.jsonl"]]),
            (["./a.jsonl"], [[f"./a.jsonl.{OLD}.gz", f"./a.jsonl.{NEW}", "./a.jsonl"]]),
            ([f"a.jsonl.{NEW}"], [[f"a.jsonl.{NEW}"]]),
            ([f"a.jsonl.{NEW}", f"a.jsonl.{OLD}.gz"], [[f"a.jsonl.{OLD}.gz", f"a.jsonl.{NEW}"]]),
            (["b.jsonl", "a.jsonl", "b.jsonl"],
             [["b.jsonl"], [f"a.jsonl.{OLD}.gz", f"a.jsonl.{NEW}", "a.jsonl"]]),
            (["a.jsonl*"], [[f"a.jsonl.{OLD}.gz", f"a.jsonl.{NEW}", "a.jsonl"], ["a.jsonl.bak"]]),
            (["[bd].jsonl"], [["b.jsonl"]]),
            (["c[1].jsonl"], [["c[1].jsonl"]]),
            (["-", "b.jsonl"], [["-"], ["b.jsonl"]]),
            (["missing"], [["missing"]]),
        ],
    )  # fmt: skip
    def test_groups(self, names: list[str], expected: list[list[str]]) -> None:
        """A file stands with what it was rotated into, the oldest first; none is read twice."""
        assert found(*names) == expected

    def test_without_siblings(self) -> None:
        """If so wished, a file stands alone."""
        assert found("a.jsonl", siblings=False) == [["a.jsonl"]]

    def test_compressed_twin(self) -> None:
        """Of a rotated file that is there twice, the one that is not compressed is read."""
        Path(f"a.jsonl.{NEW}.gz").touch()
        assert found("a.jsonl") == [[f"a.jsonl.{OLD}.gz", f"a.jsonl.{NEW}", "a.jsonl"]]

    def test_just_rotated(self) -> None:
        """Between its renaming and the first line of the new one, a file is what it was rotated into."""
        Path("a.jsonl").unlink()
        assert found("a.jsonl") == [[f"a.jsonl.{OLD}.gz", f"a.jsonl.{NEW}"]]

    def test_no_match(self) -> None:
        """A pattern that nothing has is an error."""
        with pytest.raises(UnreadableError, match=r"x\*\.jsonl: no file has such a name"):
            found("x*.jsonl")


class TestIsThere:
    """Whether there is something to read already."""

    @pytest.mark.parametrize(
        ("name", "there"),
        [
            ("a.jsonl", True),
            ("x.jsonl", False),
            ("a*", True),
            ("x*", False),
            ("-", True),
            ("c[1].jsonl", True),
        ],
    )
    def test_names(self, name: str, there: bool) -> None:
        """Files, patterns, and standard input."""
        assert is_there(name) is there
