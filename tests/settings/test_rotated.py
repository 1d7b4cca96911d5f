"""How rotated files are named."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from dopejar_tracing.settings.rotated import RotatedFile, rotated, rotated_from, surely_rotated

STAMP = "20260113T140000.123456"


class TestRotated:
    """The rotated files of a file."""

    def test_own_alone(self, tmp_path: Path) -> None:
        """The oldest first, whether compressed or not; neither other files, nor those of other names."""
        for name in (
            f"t.{STAMP}0",
            f"t.{STAMP}.gz",
            f"t.{STAMP}",
            "t",
            "t.1",
            f"u.{STAMP}",
            f"t.x.{STAMP}",
            ".t.lock",
        ):
            (tmp_path / name).touch()
        path = str(tmp_path / "t")
        assert rotated(path) == [
            RotatedFile(STAMP, f"{path}.{STAMP}", False),
            RotatedFile(STAMP, f"{path}.{STAMP}.gz", True),
            RotatedFile(f"{STAMP}0", f"{path}.{STAMP}0", False),
        ]

    def test_compressed_meanwhile(self, tmp_path: Path) -> None:
        """Files that are compressed while they are listed are all there, under one name at least."""
        path = str(tmp_path / "t")
        stamps = [f"20260113T140000.{number:06}" for number in range(1_500)]
        for stamp in stamps:
            Path(f"{path}.{stamp}").touch()

        def compress() -> None:
            for stamp in stamps:
                Path(f"{path}.{stamp}.gz").touch()
                Path(f"{path}.{stamp}").unlink()

        thread = Thread(target=compress)
        thread.start()
        while thread.is_alive():
            assert sorted({file.stamp for file in surely_rotated(path)}) == stamps
        thread.join()

    @pytest.mark.parametrize("before", ["t", "a/b.jsonl", "/a/t.jsonl", f"t.{STAMP}x"])
    @pytest.mark.parametrize("suffix", ["", ".gz"])
    def test_name_before(self, before: str, suffix: str) -> None:
        """A rotated file's name tells what it was called before."""
        assert rotated_from(f"{before}.{STAMP}{suffix}") == before

    @pytest.mark.parametrize("path", ["t", "t.gz", f"t.{STAMP}.bz2", f".{STAMP}", "t.1", f"{STAMP}/t", ""])
    def test_other_names(self, path: str) -> None:
        """Any other name stays."""
        assert rotated_from(path) == path
