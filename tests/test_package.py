"""The house: who imports whom, what is shipped, what is public."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from helpers import ROOT

import dopejar_tracing


class TestHouse:
    """The structure."""

    def test_imports(self) -> None:
        """Nobody imports whom they may not: the contracts of pyproject.toml."""
        linter = Path(sys.executable).with_name("lint-imports")
        done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout

    def test_link(self) -> None:
        """`processors` at the top shows the pipeline's rooms, and is no package of its own."""
        link = ROOT / "processors"
        assert link.is_symlink()
        assert link.readlink() == Path("dopejar_tracing/processors")

    def test_public_names(self) -> None:
        """Every public name is there and documented."""
        for name in dopejar_tracing.__all__:
            assert getattr(dopejar_tracing, name).__doc__, name


class TestWheel:
    """What is installed."""

    def test_contents(self, tmp_path: Path) -> None:
        """The wheel's only top-level name is dopejar_tracing, and it is typed."""
        build = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(tmp_path),
            str(ROOT),
        ]
        done = subprocess.run(build, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        (wheel,) = tmp_path.glob("*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        tops = {name.split("/")[0] for name in names}
        assert {top for top in tops if not top.endswith(".dist-info")} == {"dopejar_tracing"}
        assert "dopejar_tracing/py.typed" in names
        assert "dopejar_tracing/processors/__init__.py" in names
