"""How a side is asked: one table, from which both ends take what they need; and files that are whole or not there."""

from __future__ import annotations

import ast
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from kerasdiff.errors import WorkerEndedError, ending
from kerasdiff.findings import Fact, Finding
from kerasdiff.report.wording.fits.told import told
from kerasdiff.side.files import write_whole
from kerasdiff.side.protocol import EVALUATE, REQUESTS, Request, Side
from kerasdiff.side.retried import Retried
from kerasdiff.side.training import FitPlan, TrialOptions


def test_every_request_has_a_method_and_a_handler_in_the_worker() -> None:
    for name, request in REQUESTS.items():
        assert hasattr(Side, name)
        module, _, function = request.handler.partition(":")
        spec = find_spec(module)  # the file alone: importing it would start TensorFlow
        assert spec is not None
        assert spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        (handler,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
        assert handler.args.args[0].arg == "session"
        assert (handler.args.args[-1].arg == "progress") == request.reports


class Echo(Side):
    """Answers with what it was asked."""

    def submit(self, request: Request[..., Any], /, *arguments: Any, **named: Any) -> Any:
        class Done:
            def result(self, progress: Any = None) -> Any:
                return request.name, arguments

        return Done()

    def revive(self) -> None: ...


def test_the_methods_of_a_side_send_the_rows_of_the_table() -> None:
    side = Echo()
    assert side.evaluate("request") == (EVALUATE.name, ("request",))  # type: ignore[arg-type]
    assert side.losses_of("request", ()) == ("losses_of", ("request", ()))  # type: ignore[arg-type]
    assert side.describe() == ("describe", (None, (), False))  # type: ignore[comparison-overlap]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_whole(path, lambda stream: stream.write(b"first"))

    def fails(stream: Any) -> None:
        stream.write(b"half")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_whole(path, fails)
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_only_files_are_written_over(tmp_path: Path) -> None:
    pipe, loop, link = tmp_path / "pipe", tmp_path / "null", tmp_path / "link"
    os.mkfifo(pipe)
    loop.symlink_to("/dev/null")
    for other, what in ((pipe, "a pipe"), (tmp_path, "a directory"), (loop, "a device")):
        with pytest.raises(OSError, match=what):
            write_whole(other, lambda stream: stream.write(b"lost"))
    assert pipe.is_fifo()
    assert loop.is_symlink()

    link.symlink_to("file")
    write_whole(link, lambda stream: stream.write(b"through"))
    assert link.is_symlink()
    assert (tmp_path / "file").read_bytes() == b"through"


class Lost:
    """A worker that ends in its first trial; the one after it remembers its plan."""

    def __init__(self) -> None:
        self.closed = False
        self.plans: list[FitPlan] = []
        self.next: Lost | None = None

    def fit(self, plan: FitPlan, progress: Any = None) -> str:
        self.plans.append(plan)
        raise WorkerEndedError("reworded at will while nobody reads it", label="control", target="a.py:M", exit_code=-9)

    def fresh(self) -> Lost:
        self.next = Lost()
        self.next.fit = lambda plan, progress=None: self.plans.append(plan) or "trial"  # type: ignore[method-assign]
        return self.next

    def close(self) -> None:
        self.closed = True


def test_a_worker_that_ended_is_replaced_and_told_of_from_typed_fields() -> None:
    worker, findings = Lost(), list[Finding]()
    with Retried(worker, findings) as side:  # type: ignore[arg-type]
        assert side.fit(FitPlan(data="auto", seed=0, options=TrialOptions(steps=1, fresh=True))) == "trial"  # type: ignore[comparison-overlap]
    assert [plan.options.fresh for plan in worker.plans] == [True, False]
    assert worker.next is not None
    assert (worker.closed, worker.next.closed) == (False, True)
    (finding,) = findings
    assert (finding.fact, finding.names, finding.figures) == (
        Fact.WORKER_REPLACED,
        ("control", "a.py:M"),
        {"exit_code": -9},
    )
    assert told(finding) == (
        "control (a.py:M): the worker process was ended by SIGKILL (out of memory, or killed by someone); the trial "
        "went on in a new one"
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [(None, "closed its connection"), (0, "ended with exit code 0"), (-11, "was ended by SIGSEGV")],
)
def test_how_a_process_ended_is_said(code: int | None, words: str) -> None:
    assert ending(code) == words
