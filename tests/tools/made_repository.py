"""A git repository that a test makes, and its state to the last byte."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

ALONE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in (("NAME", "n"), ("EMAIL", "e"))},
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}
"""So that no setting of the machine is in it, and its hashes are the same each time."""


class MadeRepository:
    """A repository below a directory, on the branch ``main``."""

    def __init__(self, top: Path, *options: str) -> None:
        self.top = top
        top.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)

    def git(self, *arguments: str) -> str:
        """Runs git in it and gives what it prints."""
        environment = {**{key: text for key, text in os.environ.items() if not key.startswith("GIT_")}, **ALONE}
        allowed = ("-c", "protocol.file.allow=always")
        done = subprocess.run(
            ["git", *allowed, *arguments], cwd=self.top, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def write(self, files: dict[str, str]) -> None:
        """Writes files; an empty text with a path that ends in a slash makes a directory."""
        for name, text in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, files: dict[str, str], message: str) -> str:
        """Writes files and commits everything; the hash."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def state(self) -> dict[str, str]:
        """Every file, those of git with them, by its digest and the time of its last change."""
        return {
            str(
                path.relative_to(self.top)
            ): f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mtime_ns}"
            for path in sorted(self.top.rglob("*"))
            if path.is_file()
        }
