"""Everything Keras runs, in one process: each model equals itself, its other form, and not its changed one."""

from __future__ import annotations

import importlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from command import PAIRS
from pairs.table import Pair
from pairs.zoo import SELVES, ZOO
from scoring import unsaid

from kerasdiff.align.correspondence import correspond
from kerasdiff.options import Options, Silent
from kerasdiff.pipeline import compare_models
from kerasdiff.report.json import to_json
from kerasdiff.side.describing import describe_both
from kerasdiff.side.models import Models
from kerasdiff.side.protocol import DESCRIBE, Request, Side
from kerasdiff.side.targets import parse_input, parse_target

pytest.importorskip("keras")

from kerasdiff.worker.loading.session import Session

# Keras warns of some mistakes made here on purpose, and numpy of how Keras quantises.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

TURN = threading.Lock()


class Later:
    """An answer that is worked out when it is wanted."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask

    def result(self, progress: Any = None) -> Any:
        with TURN:
            return self._ask()


class Here(Side):
    """A side in this process; both sides take turns, for a trace changes Keras while it lasts."""

    def __init__(self, target: str, inputs: tuple[str, ...]) -> None:
        self.session = Session(parse_target(f"{PAIRS}/{target}"), tuple(parse_input(text) for text in inputs))

    def submit(self, request: Request[..., Any], /, *arguments: Any, **_: Any) -> Any:
        module, _, name = request.handler.partition(":")
        return Later(lambda: getattr(importlib.import_module(module), name)(self.session, *arguments))

    def revive(self) -> None: ...


def report(pair: Pair) -> dict[str, Any]:
    sides: Any = Here(pair.reference, pair.inputs), Here(pair.candidate, pair.inputs)
    options = Options(fit=False, inputs=tuple(parse_input(text) for text in pair.inputs))
    descriptions = describe_both(sides, options.inputs, names_count=True)

    def control() -> Any:
        raise AssertionError("nothing is fitted here")

    models = Models(
        targets=(sides[0].session.target, sides[1].session.target),
        workers=sides,
        descriptions=descriptions,
        fitters=sides,
        control=control,
        make_ready=control,
        more=control,
        lost=[],
        started=time.time(),
    )
    told: dict[str, Any] = json.loads(to_json(compare_models(models, options, Silent())))
    return told


@pytest.mark.parametrize("pair", ZOO, ids=lambda pair: pair.id)
def test_zoo(pair: Pair) -> None:
    told = report(pair)
    verdict = told["verdict"]
    said = json.dumps({key: told[key] for key in ("verdict", "edits", "rungs", "terms")}, ensure_ascii=False).lower()

    assert (verdict["outcome"], verdict["basis"] in pair.basis) == (pair.outcome, True), verdict
    assert unsaid(said, pair.mentions) == (), said


@pytest.mark.parametrize(("target", "inputs"), SELVES, ids=[target for target, _ in SELVES])
def test_a_model_equals_itself(target: str, inputs: tuple[str, ...]) -> None:
    first, second = (Here(target, inputs).submit(DESCRIBE).result() for _ in range(2))
    pair = correspond(first, second)

    assert pair.isomorphic, pair.edits
    assert pair.edits == ()
