"""Compares every model of ``keras.applications`` with four forms of itself: ``python sweep.py [NAME ...]``.

Prints one line a model as it goes. Exit code 1 if any pair is not proved equivalent.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
KERASDIFF = str(Path(sys.executable).parent / "kerasdiff")
PASSED = ("equivalent/proof", 0)
WIDTH = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One comparison.

    Attributes:
        verdict: ``outcome/basis``, or the message where there is no report.
        seconds, cpu: Wall clock, and processor time of the command with its workers.
        memory: Peak resident memory of the larger worker in MB.
    """

    model: str
    form: str
    input: str
    parameters: int
    nodes: int
    seconds: float
    cpu: float
    memory: int
    verdict: str
    exit_code: int

    @property
    def passed(self) -> bool:
        """Whether it was proved, and nothing else."""
        return (self.verdict, self.exit_code) == PASSED


def compare(model: str, form: str) -> Result:
    """Runs the command on a model and one of its forms."""
    targets = [f"targets.py:{factory}(name={model!r})" for factory in ("itself", form)]
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            [KERASDIFF, "compare", "--no-fit", "--format", "json", *targets],
            cwd=HERE,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
            stdout=out,
            stderr=err,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begin
        out.seek(0)
        err.seek(0)
        text, message = out.read(), err.read()
    report = json.loads(text) if text else None
    verdict = message.strip()[-300:] or "no report"
    shape, parameters, nodes = "", 0, 0
    if report is not None:
        verdict = f"{report['verdict']['outcome']}/{report['verdict']['basis']}"
        parameters, nodes = report["reference"]["parameters"], report["reference"]["nodes"]
        face = next(rung["detail"] for rung in report["rungs"] if rung["name"] == "interface")
        found = re.search(r"\(None, (\d+), (\d+), (\d+)\)", face)
        shape = "x".join(found.groups()) if found else face
    return Result(
        model=model,
        form=form,
        input=shape,
        parameters=parameters,
        nodes=nodes,
        seconds=round(seconds, 1),
        cpu=round(usage.ru_utime + usage.ru_stime, 1),
        memory=round(usage.ru_maxrss / 1024),
        verdict=verdict,
        exit_code=process.returncode,
    )


def known(log: Path | None) -> dict[tuple[str, str], Result]:
    """What an earlier sweep proved; its failures are run again."""
    if log is None or not log.exists():
        return {}
    results = [Result(**json.loads(line)) for line in log.read_text().splitlines()]
    return {(result.model, result.form): result for result in results if result.passed}


def sweep(models: list[str], forms: list[str], log: Path | None = None) -> Iterator[list[Result]]:
    """The results model by model; each is appended to ``log`` at once."""
    before = known(log)
    for model in models:
        results = []
        for form in forms:
            result = before.get((model, form))
            if result is None:
                result = compare(model, form)
                if log is not None:
                    with log.open("a") as stream:
                        stream.write(json.dumps(asdict(result)) + "\n")
            results.append(result)
        yield results


def header(forms: list[str]) -> str:
    columns = "".join(f"{form:>{WIDTH}}" for form in forms)
    return f"{'model':<18}{'input':<12}{'parameters':>12}{'nodes':>6}{columns}{'CPU s':>8}{'MB':>7}  verdict"


def line(results: list[Result]) -> str:
    """One row: seconds a form, their CPU time together, the largest worker, and every verdict there was."""
    first = results[0]
    seconds = "".join(f"{result.seconds:>{WIDTH}.1f}" for result in results)
    cpu, memory = sum(result.cpu for result in results), max(result.memory for result in results)
    verdicts = ", ".join(dict.fromkeys(f"{result.verdict} exit {result.exit_code}" for result in results))
    return (
        f"{first.model:<18}{first.input:<12}{first.parameters:>12,}{first.nodes:>6}{seconds}"
        f"{cpu:>8.1f}{memory:>7}  {verdicts}"
    )


def main() -> int:
    from targets import FORMS, names  # imports Keras, which ``--help`` can do without

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="*", help="models (default: all)")
    parser.add_argument("--form", action="append", choices=FORMS, help="only this form (repeatable)")
    parser.add_argument("--log", type=Path, help="append results here, and skip what it says was proved")
    options = parser.parse_args()
    every = names()
    unknown = sorted({*options.name} - {*every})
    if unknown:
        parser.error(f"not in keras.applications: {', '.join(unknown)}")
    forms = options.form or list(FORMS)
    print(header(forms), flush=True)
    failed = 0
    for results in sweep(options.name or list(every), forms, options.log):
        print(line(results), flush=True)
        failed += sum(not result.passed for result in results)
    print(f"{failed} failed" if failed else "every pair proved equivalent")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
