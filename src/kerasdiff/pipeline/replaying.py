"""Do two models still part on a saved input? Both are run on it once more."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.align.correspondence import correspond
from kerasdiff.align.pair import Pair
from kerasdiff.errors import EvaluateError
from kerasdiff.findings import Fact, Finding
from kerasdiff.options import Listener, Options, Silent
from kerasdiff.pipeline.opening import opened
from kerasdiff.probing.function import observe_function
from kerasdiff.probing.observations import Observations, OtherSize, Unobserved
from kerasdiff.probing.prober import Prober
from kerasdiff.probing.training.asked import Learning
from kerasdiff.probing.training.learning import observe_learning
from kerasdiff.probing.weights.choosing import choose
from kerasdiff.probing.weights.transfer import transfer_weights
from kerasdiff.probing.witness import SavedWitness
from kerasdiff.rungs.inference import inference
from kerasdiff.rungs.interface import interface
from kerasdiff.rungs.records import Rung
from kerasdiff.rungs.training_step import training_step
from kerasdiff.side.protocol import Side
from kerasdiff.side.targets import Target, parse_input


def replay(
    targets: tuple[Target, Target],
    saved: SavedWitness,
    timeout: float = 600.0,
    listener: Listener | None = None,
    device: str = "auto",
) -> Rung:
    """Runs both models once more on the input of a saved witness.

    Raises:
        KerasdiffError: If a model cannot be loaded or called, or the input does not fit both.
    """
    listener = listener or Silent()
    options = Options(
        inputs=tuple(parse_input(text) for text in saved.given), seed=saved.seed, timeout=timeout, device=device
    )
    with opened(targets, options, listener) as models:
        alike = correspond(*models.descriptions)
        if interface(alike).outcome == "different":
            raise EvaluateError("The witness cannot be run: the interfaces of the two models differ.")
        transfer = choose(models.workers, alike, transfer_weights(alike, saved.seed), saved.seed)
        if not transfer.complete:
            raise EvaluateError("The witness cannot be run: weights of one model have no counterpart in the other.")
        listener.phase("running the witness through both models")
        # What is shown is the numbers, of a pair that was mended too: a proof is not taken for an answer.
        pair = replace(alike.with_transfer(transfer), isomorphic=False)
        observations = _on_witness(models.workers, pair, saved)
        return inference(pair, observations) if saved.mode == "inference" else training_step(observations)


def _on_witness(sides: tuple[Side, Side], pair: Pair, saved: SavedWitness) -> Observations:
    """What both models do on the input of a saved witness, in its mode.

    Raises:
        EvaluateError: If the input does not fit the models, or a side cannot be run on it.
    """
    ports = pair.descriptions[0].inputs
    if len(saved.inputs) != len(ports):
        raise EvaluateError(f"The witness has {len(saved.inputs)} inputs, and the models take {len(ports)}.")
    for batch, port in zip(saved.inputs, ports, strict=True):
        expected = (port.spec.shape or ())[1:]
        fits = len(batch.shape[1:]) == len(expected) and all(
            want in (None, have) for want, have in zip(expected, batch.shape[1:], strict=True)
        )
        if not fits:
            raise EvaluateError(f"The witness has shape {batch.shape} for input {port.name}, which takes {expected}.")
    prober = Prober(sides, pair.transfer, {"witness": saved.inputs}, weight_scale=saved.weight_scale)
    nothing = Unobserved(reason=Finding(fact=Fact.ON_PROBE, names=("witness",)))
    if saved.mode == "inference":
        function = observe_function(prober, pair, OtherSize())
        return Observations(function=function, learning=nothing, stored=None)
    learning = observe_learning(Learning(prober=prober, pair=pair), enlarge=True)
    return Observations(function=nothing, learning=learning, stored=None)
