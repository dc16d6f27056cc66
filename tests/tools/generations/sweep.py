"""Every layer of Keras 2 and Keras 3: what plain Keras says, and what kerasdiff says: ``python sweep.py [LAYER ...]``.

Writes a Markdown table. Exit code 1 if an outcome contradicts plain Keras, or a layer that both have has no row.

All rows are pairs of one ``kerasdiff check``, so TensorFlow is imported once for all of them.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ASIDE = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}


@dataclass(frozen=True)
class Said:
    """What kerasdiff says of a row."""

    outcome: str
    basis: str
    sentence: str
    seconds: float


def both() -> dict[str, str]:
    """The layers that both packages have, each under its first name; by class, so that another name is no layer."""
    import keras
    import tf_keras

    names: dict[object, str] = {}
    for name in sorted(
        vars(tf_keras.layers),
        key=lambda name: (
            name.startswith(("Convolution", "Global", "AvgPool", "MaxPool1D", "MaxPool2D", "MaxPool3D")),
            name,
        ),
    ):
        pair = getattr(tf_keras.layers, name), getattr(keras.layers, name, None)
        if all(inspect.isclass(one) for one in pair) and issubclass(pair[0], tf_keras.layers.Layer):
            names.setdefault(pair[0], name)
    return {name: name for name in names.values()}


def gates(rows: Sequence[tuple[str, int]], python: str) -> str:
    """A file of gates with a pair a row."""
    lines = ["[defaults]", "fit = false", "search = 2"]
    lines += [f"reference_python = {json.dumps(python)}"] if python else []
    for name, position in rows:
        call = f"build(name='{name}', position={position})"
        lines += [f'[pairs."{name}/{position}"]']
        lines += [
            f"{side} = {json.dumps(f'{HERE / file}:{call}')}"
            for side, file in (("reference", "second.py"), ("candidate", "third.py"))
        ]
    return "\n".join(lines)


def by_itself(arguments: Sequence[str]) -> tuple[str, str]:
    """What the command gives and what it complains of, run as a user does."""
    command = [sys.executable, "-m", "kerasdiff", *arguments]
    done = subprocess.run(command, env={**os.environ, **ASIDE}, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


Ask = Callable[[Sequence[str]], tuple[str, str]]


def said(
    rows: Sequence[tuple[str, int]], python: str = "", jobs: int = 0, ask: Ask = by_itself
) -> dict[tuple[str, int], Said]:
    """Asks kerasdiff of all rows."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "kerasdiff.toml"
        config.write_text(gates(rows, python))
        told, complaint = ask(
            ["check", "--config", str(config), "--format", "json", *(["--jobs", str(jobs)] if jobs else [])]
        )
    if not told:
        raise SystemExit(complaint)
    pairs = json.loads(told)["pairs"]
    return {row: _said(pair) for row, pair in zip(rows, pairs, strict=True)}


def _said(pair: dict[str, Any]) -> Said:
    if pair["comparison"] is None:
        return Said("error", "", pair["error"]["message"], pair["seconds"])
    verdict = pair["comparison"]["verdict"]
    return Said(verdict["outcome"], verdict["basis"] or "", verdict["summary"], pair["seconds"])


# The table -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A row with what both say."""

    name: str
    text: str
    truth: str
    equal: bool
    said: Said

    @property
    def wrong(self) -> bool:
        """Whether kerasdiff contradicts plain Keras."""
        return self.said.outcome == ("different" if self.equal else "equivalent")


def shown(lines: Sequence[Line]) -> str:
    """The table in Markdown, and how many rows are of which kind."""
    told = ["| layer | settings | plain Keras | kerasdiff | its first sentence |", "|---|---|---|---|---|"]
    for line in lines:
        mark = " **wrong**" if line.wrong else ""
        cells = (
            line.name,
            f"`{line.text}`",
            line.truth,
            f"{line.said.outcome} {line.said.basis}".strip() + mark,
            line.said.sentence,
        )
        told.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    kinds: dict[str, int] = {}
    for line in lines:
        kind = f"plain Keras {'equal' if line.equal else 'different'}, kerasdiff {line.said.outcome}"
        kinds[kind] = kinds.get(kind, 0) + 1
    return "\n".join([*told, "", *(f"- {kind}: {count}" for kind, count in sorted(kinds.items()))])


def main(arguments: Sequence[str] | None = None, ask: Ask = by_itself) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layer", nargs="*", help="layers, or rows as in LSTM/2 (default: all)")
    parser.add_argument("--reference-python", default="", help="the environment of the models of Keras 2")
    parser.add_argument("--jobs", type=int, default=0, help="pairs at once")
    parser.add_argument("--truth", type=Path, help="what plain Keras said, kept from run to run")
    parser.add_argument("--json", type=Path, help="writes the lines here too")
    options = parser.parse_args(arguments)
    sys.path.insert(0, str(HERE))
    from table import TABLE

    rows = [(name, position) for name, layer in TABLE.items() for position in range(len(layer.texts))]
    asked = [row for row in rows if not options.layer or {row[0], f"{row[0]}/{row[1]}"} & {*options.layer}]
    missing = sorted({*both()} - {*TABLE}) if not options.layer else []
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(said, asked, options.reference_python, options.jobs, ask)
        truths = truths_of(asked, options.truth)
        answers = asking.result()
    from building import call_text

    lines = [
        Line(name, call_text(name, position, True), *truths[name, position], answers[name, position])
        for name, position in asked
    ]
    print(shown(lines))
    print(f"- {len(lines)} rows of {len({line.name for line in lines})} layers in {time.monotonic() - began:.0f} s")
    for name in missing:
        print(f"- {name} has no row")
    if options.json:
        options.json.write_text(json.dumps([asdict(line) | {"wrong": line.wrong} for line in lines], indent=1))
    return 1 if missing or any(line.wrong for line in lines) else 0


def truths_of(rows: Sequence[tuple[str, int]], kept: Path | None) -> dict[tuple[str, int], tuple[str, bool]]:
    """What plain Keras says of rows, by text and whether they are equal; what is kept is not asked again."""
    known = json.loads(kept.read_text()) if kept is not None and kept.exists() else {}
    for name, position in rows:
        if f"{name}/{position}" not in known:
            from truth import truth

            found = truth(name, position)
            known[f"{name}/{position}"] = (str(found), found.equal)
    if kept is not None:
        kept.write_text(json.dumps(known, indent=1))
    return {(name, position): tuple(known[f"{name}/{position}"]) for name, position in rows}


if __name__ == "__main__":
    sys.exit(main())
