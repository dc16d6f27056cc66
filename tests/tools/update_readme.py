"""Writes the report of the README's first command into the README.

python tests/tools/update_readme.py
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BEGIN, END = "<!-- report:begin -->", "<!-- report:end -->"
WIDTH = 100


def setup_line(name: str, text: str) -> str:
    """The line of the fenced block right after ``<!-- setup: NAME -->``."""
    marker, fence, line, closing = text[text.index(f"<!-- setup: {name} -->") :].splitlines()[:4]
    assert fence.startswith("```"), marker
    assert closing == "```", marker
    return line


def report_block(text: str) -> str:
    """What stands between the marks, fences included."""
    return text.partition(BEGIN)[2].partition(END)[0]


def fresh_report() -> str:
    """Runs the command of the first set-up line without its installation.

    Raises:
        RuntimeError: If it does not say that the models differ.
    """
    command = setup_line("use", README.read_text()).partition("&& ")[2].split()
    done = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": str(WIDTH), "NO_COLOR": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 1:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def main() -> None:
    """Replaces the block."""
    text = README.read_text()
    README.write_text(text.replace(report_block(text), f"\n```text\n{fresh_report()}\n```\n"))


if __name__ == "__main__":
    main()
