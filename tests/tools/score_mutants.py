"""Runs seeded mutants and re-expressions of networks through the command and prints how many it gets right.

    python tests/tools/score_mutants.py [--mutants 300] [--neutral 100] [--seed 0] [--only resnet] [--results FILE]
    python tests/tools/score_mutants.py --random --mutants 1000 --neutral 1000

The networks are those of ``mutation/zoo.py``, or with ``--random`` one of its own for each pair
(``mutation/random_nets.py``); Keras itself must first bear these out, in float64
(``kerasdiff.worker.mutating.independent``).

A mutant has one change that matters (``kerasdiff.worker.mutating.changes``), a re-expression has none
(``mutation/neutral.py``).
Exits 1 if a mutant is called equivalent, a re-expression different, or a comparison gives no verdict. With
``--results`` what is known is kept in the file, one JSON line each, and not run again. Every failure is listed with
its targets; to run one again: ``cd tests/tools; kerasdiff compare --no-fit REFERENCE CANDIDATE``.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import tensorflow as tf
from command import Answer
from mutation.drawing import Drawn, contradiction, random_sample, sample
from scoring import Said, ask, cold
from warm import run_warm

HERE = Path(__file__).parent
BLOATED = 3
"""One change told in this many edits is hard to read."""


@dataclass(frozen=True, kw_only=True)
class Result(Said):
    """What the command said about one drawn pair.

    Attributes:
        named: Whether the first edit names the changed place.
    """

    drawn: Drawn
    named: bool

    @property
    def wrong(self) -> bool:
        """Whether the verdict contradicts what is known by construction, or there is none."""
        bad = "equivalent" if self.drawn.is_mutant else "different"
        return self.outcome not in ("equivalent", "different", "inconclusive") or self.outcome == bad


def names_place(drawn: Drawn, edit: dict[str, Any]) -> bool:
    """Whether an edit stands at one of the layers that were changed, as either side calls it."""
    places = ((edit["reference"], drawn.nodes), (edit["candidate"], drawn.added))
    return any(
        site is not None and not set(names).isdisjoint(re.split(r"[/.:]", site["node"])) for site, names in places
    )


run_cold, run_here = cold(HERE), partial(run_warm, cwd=HERE)


def run(drawn: Drawn, command: Callable[..., Answer] = run_here) -> Result:
    """Compares the two targets."""
    said, report = ask(command, drawn.reference, drawn.candidate, drawn.inputs)
    edits = report.get("edits")
    return Result(**vars(said), drawn=drawn, named=bool(edits) and names_place(drawn, edits[0]))


def known(path: Path | None) -> dict[tuple[str, str], Result]:
    """Results of earlier runs, by targets."""
    if path is None or not path.exists():
        return {}
    found = {}
    for line in path.read_text().splitlines():
        data = json.loads(line)
        drawn = Drawn(**{key: tuple(v) if isinstance(v, list) else v for key, v in data.pop("drawn").items()})
        found[drawn.reference, drawn.candidate] = Result(**{**data, "drawn": drawn, "edits": tuple(data["edits"])})
    return found


def run_all(
    drawn: Iterable[Drawn], jobs: int = 1, path: Path | None = None, command: Callable[..., Answer] = run_here
) -> list[Result]:
    """Runs what is not known yet and prints what fails; results in the order drawn."""
    before = known(path)

    def kept(result: Result) -> Result:
        targets = result.drawn.reference, result.drawn.candidate
        if path is not None and targets not in before:
            with path.open("a") as file:
                file.write(json.dumps(asdict(result)) + "\n")
        if shown(result):
            print(shown(result), flush=True)
        return result

    if jobs == 1:
        return [kept(before.get((item.reference, item.candidate)) or run(item, command)) for item in drawn]
    # Processes, as the command's output is caught in the place of stdout; spawned, as TensorFlow has threads here.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        items = list(drawn)
        new = [item for item in items if (item.reference, item.candidate) not in before]
        answers = {
            (done.drawn.reference, done.drawn.candidate): kept(done)
            for done in pool.map(partial(run, command=command), new)
        }
    return [{**before, **answers}[item.reference, item.candidate] for item in items]


def table(results: list[Result], title: str, group: Callable[[Result], str]) -> str:
    """Counts by group: mutants reported different, inconclusive or equivalent, and those whose place is named."""
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[group(result)].append(result)
    lines = [f"{title:26} {'mutants':>7} {'different':>9} {'inconcl.':>8} {'missed':>6} {'named':>6}"]
    for name in sorted(groups):
        some = groups[name]
        count = {outcome: sum(r.outcome == outcome for r in some) for outcome in ("different", "inconclusive")}
        missed = len(some) - sum(count.values())
        named = sum(result.named for result in some)
        lines.append(f"{name:26} {len(some):7} {count['different']:9} {count['inconclusive']:8} {missed:6} {named:6}")
    return "\n".join(lines)


def rates(results: list[Result]) -> str:
    """Kill rate, naming rate and false alarms, as counts and shares."""
    mutants = [result for result in results if result.drawn.is_mutant]
    neutral = [result for result in results if not result.drawn.is_mutant]
    killed = [result for result in mutants if result.outcome == "different"]
    unsure = [result for result in mutants if result.outcome == "inconclusive"]
    named = [result for result in killed + unsure if result.named]
    bloated = [result for result in mutants if len(result.edits) >= BLOATED]
    alarms = [result for result in neutral if result.outcome == "different"]
    open_ = [result for result in neutral if result.outcome == "inconclusive"]
    proved = [result for result in neutral if result.basis == "proof"]
    lines = [
        ("mutants reported different", killed, mutants),
        ("mutants inconclusive", unsure, mutants),
        ("first edit names the place", named, mutants),
        (f"{BLOATED} or more edits", bloated, mutants),
        ("re-expressions reported different", alarms, neutral),
        ("re-expressions inconclusive", open_, neutral),
        ("re-expressions equal by proof", proved, neutral),
        ("no verdict", [r for r in results if r.outcome.startswith("exit")], results),
    ]
    return "\n".join(
        f"{name:34} {len(some):4} of {len(all_):4} ({100 * len(some) / max(1, len(all_)):.1f} %)"
        for name, some, all_ in lines
    )


def complaints(result: Result) -> list[str]:
    """What is not as it should be about one result."""
    if result.outcome.startswith("exit"):
        return ["no verdict"]
    found = []
    if result.outcome == "inconclusive":
        found.append("inconclusive")
    elif result.wrong:
        found.append(f"called {result.outcome}")
    if result.drawn.is_mutant:
        found += [] if result.named else ["place not named"]
        found += ["many edits"] if len(result.edits) >= BLOATED else []
    return found


def shown(result: Result) -> str:
    """What is not as it should be about a result, with its targets and what was said; empty where all is well."""
    problems = complaints(result)
    if not problems:
        return ""
    lines = [f"{', '.join(problems)}:", f"  {result.drawn.reference}", f"  {result.drawn.candidate}"]
    lines += [f"  {result.summary[:300] or result.error}", *(f"    {edit[:220]}" for edit in result.edits[:6])]
    return "\n".join(lines)


def counts(results: list[Result]) -> str:
    """The two numbers that have to be nought."""
    lines = []
    for name, is_mutant, bad in (("mutants", True, "equivalent"), ("re-expressions", False, "different")):
        some = [result for result in results if result.drawn.is_mutant == is_mutant]
        lines.append(f"{sum(result.outcome == bad for result in some)} of {len(some)} {name} called {bad}")
    return "\n".join(lines)


def borne_out(drawn: Drawn) -> bool:
    """Whether Keras itself agrees with what a pair is said to be, and can run it; says so where not."""
    try:
        reason = contradiction(drawn)
    except tf.errors.InvalidArgumentError as error:  # a change of sizes that only shows where values are added
        reason = f"that it cannot be run ({error.message.splitlines()[0]})"
    if reason:
        print(f"not drawn, as Keras says {reason}:\n  {drawn.reference}\n  {drawn.candidate}", flush=True)
    return not reason


def main(arguments: list[str]) -> int:
    """Prints the failures, the tables and the rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mutants", type=int, default=300)
    parser.add_argument("--neutral", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cold", action="store_true", help="starts every worker anew, as the command does")
    parser.add_argument("--random", action="store_true", help="a random network for each pair")
    parser.add_argument("--only", action="append", default=[], help="an architecture; may be repeated")
    parser.add_argument("--results", type=Path, help="keeps results in this file and reuses them")
    given = parser.parse_args(arguments)
    if given.random:
        before = known(given.results)
        drawn: Iterable[Drawn] = random_sample(
            given.mutants,
            given.neutral,
            given.seed,
            lambda pair: (pair.reference, pair.candidate) in before or borne_out(pair),
        )
    else:
        drawn = sample(given.mutants, given.neutral, given.seed, tuple(given.only))
    results = run_all(drawn, given.jobs, given.results, run_cold if given.cold else run_here)
    mutants = [result for result in results if result.drawn.is_mutant]
    if not given.random:
        print(table(mutants, "architecture", lambda result: result.drawn.architecture))
    print(table(mutants, "change", lambda result: result.drawn.operator))
    print(f"{rates(results)}\n{counts(results)}")
    return 1 if not results or any(result.wrong for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
