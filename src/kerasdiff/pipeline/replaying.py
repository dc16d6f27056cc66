"""Do two models still part on a saved input? Both are run on it once more."""

from __future__ import annotations

from dataclasses import replace

from kerasdiff.align.correspondence import correspond
from kerasdiff.errors import EvaluateError
from kerasdiff.observing import Observer
from kerasdiff.options import Listener, Options, Silent
from kerasdiff.pipeline.opening import opened
from kerasdiff.probing.weights.choosing import choose
from kerasdiff.probing.weights.transfer import transfer_weights
from kerasdiff.probing.witness import SavedWitness
from kerasdiff.rungs.inference import inference
from kerasdiff.rungs.interface import interface
from kerasdiff.rungs.records import Rung
from kerasdiff.rungs.training_step import training_step
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
        observations = Observer(models.workers, pair, options, listener).of_witness(saved)
        return inference(pair, observations) if saved.mode == "inference" else training_step(observations)
