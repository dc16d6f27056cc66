"""Everything Keras runs, in one process: each model equals itself, its other form, and not its changed one."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from command import PAIRS
from pairs.table import Pair
from pairs.zoo import SELVES, ZOO
from scoring import unsaid

from kerasdiff.comparison import Comparison
from kerasdiff.options import Options, Silent
from kerasdiff.pipeline import Steps
from kerasdiff.pipeline import describe as both
from kerasdiff.rungs.architecture import architecture
from kerasdiff.side.checkpoints import LoadRequest, Restored, Saved, SaveRequest
from kerasdiff.side.observations import EvaluateRequest, Evaluation, Stage, Staged, Stepped, StepRequest
from kerasdiff.side.records import Description
from kerasdiff.side.targets import parse_input, parse_target

pytest.importorskip("keras")

from kerasdiff.worker.describe import describe, start_digests
from kerasdiff.worker.loading.load import Session
from kerasdiff.worker.running.checkpoint import load_checkpoint, save_checkpoint
from kerasdiff.worker.running.evaluate import evaluate
from kerasdiff.worker.running.stages import stage
from kerasdiff.worker.running.step import losses_of, step

# Keras warns of some mistakes made here on purpose, and numpy of how Keras quantises.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

TURN = threading.Lock()


class Here:
    """A side in this process; both sides take turns, for a trace changes Keras while it lasts."""

    def __init__(self, target: str, inputs: tuple[str, ...]) -> None:
        self.session = Session(parse_target(f"{PAIRS}/{target}"), tuple(parse_input(text) for text in inputs))

    def describe(self) -> Description:
        return describe(self.session)

    def submit(self, name: str, *arguments: Any) -> Any:
        assert name == "describe"

        def result() -> Description:
            if arguments:
                self.session.restart(*arguments)
            return self.describe()

        return SimpleNamespace(result=result)

    def evaluate(self, request: EvaluateRequest) -> Evaluation:
        with TURN:
            return evaluate(self.session, request)

    def stage(self, request: Stage) -> Staged:
        with TURN:
            return stage(self.session, request)

    def step(self, request: StepRequest) -> Stepped:
        with TURN:
            return step(self.session, request)

    def losses_of(self, request: StepRequest, outputs: Any) -> tuple[float, ...]:
        with TURN:
            return losses_of(self.session, request, outputs)

    def save_checkpoint(self, request: SaveRequest) -> Saved:
        with TURN:
            return save_checkpoint(self.session, request)

    def load_checkpoint(self, request: LoadRequest) -> tuple[Restored, ...]:
        with TURN:
            return load_checkpoint(self.session, request)

    def start_digests(self, weights: tuple[str, ...]) -> dict[str, str]:
        with TURN:
            return start_digests(self.session, weights)


def compare(pair: Pair) -> Comparison:
    sides: Any = Here(pair.reference, pair.inputs), Here(pair.candidate, pair.inputs)
    options = Options(fit=False, inputs=tuple(parse_input(text) for text in pair.inputs))
    descriptions, _ = both(sides, options)
    targets = sides[0].session.target, sides[1].session.target

    def control() -> Any:
        raise AssertionError("nothing is fitted here")

    return Steps(targets, sides, descriptions, options, Silent(), control).comparison()


@pytest.mark.parametrize("pair", ZOO, ids=lambda pair: pair.id)
def test_zoo(pair: Pair) -> None:
    found = compare(pair)

    assert (found.verdict.outcome, found.verdict.basis in pair.basis) == (pair.outcome, True), found.verdict
    said = repr((found.verdict, found.edits, found.rungs, found.terms)).lower()
    assert unsaid(said, pair.mentions) == (), said


@pytest.mark.parametrize(("target", "inputs"), SELVES, ids=[target for target, _ in SELVES])
def test_a_model_equals_itself(target: str, inputs: tuple[str, ...]) -> None:
    first, second = Here(target, inputs).describe(), Here(target, inputs).describe()
    found = architecture(first, second)

    assert found.isomorphic, (found.rung.detail, found.edits)
    assert found.edits == ()
