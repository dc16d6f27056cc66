"""Image folders through ``kerasdiff data show``, which has them decoded in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from data_files import image_folders


def test_image_folders_are_shown_without_tensorflow_in_the_parent(tmp_path: Path) -> None:
    folder = image_folders(tmp_path / "zoo", {"ant": 5, "b\x1b[2Jee": 5}, side=8)
    code = (
        "import sys; from kerasdiff.cli import main\n"
        f"main(['data', 'show', '--data', {str(folder)!r}], standalone_mode=False)\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "image folders zoo (8 + 2 images), 2 classes; split 4 : 1" in done.stdout
    assert "0 ant  4 + 1" in done.stdout
    assert "\x1b" not in done.stdout
