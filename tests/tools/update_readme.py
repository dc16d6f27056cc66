"""Writes the reports of the README's commands into the README.

python tests/tools/update_readme.py                        # that of the first command
python tests/tools/update_readme.py upgrade ENVIRONMENT    # that of an upgrade from TensorFlow 2.15, which is installed
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
WIDTH = 100


def setup_line(name: str, text: str) -> str:
    """The line of the fenced block right after ``<!-- setup: NAME -->``."""
    marker, fence, line, closing = text[text.index(f"<!-- setup: {name} -->") :].splitlines()[:4]
    assert fence.startswith("```"), marker
    assert closing == "```", marker
    return line


def report_block(text: str, name: str = "report") -> str:
    """What stands between the marks of a report, fences included."""
    return text.partition(f"<!-- {name}:begin -->")[2].partition(f"<!-- {name}:end -->")[0]


def fresh_report(command: str, cwd: Path = ROOT, **environment: str) -> str:
    """Runs a command, and gives what it says: the report, and before it what it says of its doing.

    Raises:
        RuntimeError: If it does not say that the models differ.
    """
    program, *words = shlex.split(command)
    done = subprocess.run(
        [str(Path(sys.executable).parent / program), *words],
        cwd=cwd,
        env={
            **os.environ,
            "COLUMNS": str(WIDTH),
            "NO_COLOR": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "PYTHONUTF8": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 1:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr}")
    said = "\n\n".join(part.strip("\n") for part in (done.stderr, done.stdout) if part.strip())
    return "\n".join(line.rstrip() for line in said.splitlines())


def fresh_upgrade(environment: str) -> str:
    """What the command before the report of an upgrade says, as a terminal wraps it; ``tf215`` is that environment."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "examples").symlink_to(ROOT / "examples")
        (place / "tf215").symlink_to(Path(environment).absolute())
        command = setup_line("upgrade", README.read_text())
        told = fresh_report(command, place, KERASDIFF_CACHE=str(place / "cache"))
        return "\n".join(textwrap.fill(line, WIDTH, break_on_hyphens=False) for line in told.splitlines())


def main() -> None:
    """Replaces a block."""
    if len(sys.argv) > 1:
        name, told = sys.argv[1], fresh_upgrade(sys.argv[2])
    else:
        name, told = "report", fresh_report(setup_line("use", README.read_text()).partition("&& ")[2])
    text, begin, end = README.read_text(), f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    known = f"{begin}{report_block(text, name)}{end}"
    README.write_text(text.replace(known, f"{begin}\n```text\n{told}\n```\n{end}"))


if __name__ == "__main__":
    main()
