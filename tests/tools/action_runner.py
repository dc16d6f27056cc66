"""Runs the steps of a composite action with bash, as GitHub's runner does on Linux.

References:
    GitHub, "Metadata syntax for GitHub Actions" and "Workflow syntax" (``shell: bash`` is
    ``bash --noprofile --norc -eo pipefail {0}``).
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "kerasdiff" / "action.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run of an action gave.

    Attributes:
        exit_code: Of the first step that failed, else 0.
        outputs: Of the action.
        summary: The step summary.
        log: What the steps printed.
        used: Actions of others that it would have run, each with what it would have been given.
    """

    exit_code: int
    outputs: Mapping[str, str]
    summary: str
    log: str
    used: Mapping[str, Mapping[str, str]]


def load(path: Path) -> dict[str, Any]:
    """A YAML file; ``on`` is the word and not the truth value that YAML 1.1 reads."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in data.items()} if isinstance(data, dict) else data


UPLOADED = "https://github.com/owner/repository/actions/runs/1/artifacts/2"
"""Where an artifact is, if one is uploaded."""


def run_action(given: Mapping[str, str], cwd: Path, scratch: Path, event: Mapping[str, str], **env: str) -> Ran:
    """Runs the action in a directory.

    Args:
        given: What ``with`` gives.
        cwd: The workspace.
        scratch: For the runner's files.
        event: Values of ``github.…`` expressions.
        env: More of the environment.
    """
    action = load(ACTION)
    unknown = set(given) - set(action["inputs"])
    assert not unknown, f"no such input: {unknown}"
    values = {f"inputs.{name}": str(given.get(name, of.get("default", ""))) for name, of in action["inputs"].items()}
    values |= {f"github.{name}": text for name, text in event.items()}
    code, log, used = 0, "", {}
    for number, step in enumerate(action["runs"]["steps"]):
        if code and "always()" not in step.get("if", ""):
            continue
        if not _holds(step.get("if", "always()"), values):
            continue
        if "uses" in step:
            used[step["uses"]] = {name: _filled(str(text), values) for name, text in step["with"].items()}
            if step["uses"].startswith("actions/upload-artifact@"):
                values[f"steps.{step['id']}.outputs.artifact-url"] = UPLOADED
            continue
        script, output, summary = scratch / f"step{number}.sh", scratch / f"output{number}", scratch / "summary.md"
        script.write_text(step["run"], encoding="utf-8")
        output.touch()
        summary.touch()
        environment = {name: _filled(text, values) for name, text in step.get("env", {}).items()}
        files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary), "RUNNER_TEMP": str(scratch)}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=cwd,
            env={**os.environ, "GITHUB_ACTION_PATH": str(ACTION.parent), **files, **env, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        log += done.stdout
        code = code or done.returncode
        for line in output.read_text(encoding="utf-8").splitlines():
            name, _, text = line.partition("=")
            values[f"steps.{step['id']}.outputs.{name}"] = text
    outputs = {name: _filled(of["value"], values) for name, of in action["outputs"].items()}
    summary = scratch / "summary.md"
    told = summary.read_text(encoding="utf-8") if summary.exists() else ""
    return Ran(exit_code=code, outputs=outputs, summary=told, log=log, used=used)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", lambda match: values.get(match[1], ""), text)


def _holds(condition: str, values: Mapping[str, str]) -> bool:
    """A condition of ``always()`` and comparisons with a text, joined by ``&&``."""
    for part in condition.split("&&"):
        name, operator, text = re.fullmatch(r"\s*(?:always\(\)|([\w.-]+)\s*([!=]=)\s*'([^']*)')\s*", part).groups()
        if name is not None and (values.get(name, "") == text) != (operator == "=="):
            return False
    return True
