"""How is a comparison, a fit, an inspection asked for from Python? As on the command line, by the same names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerasdiff.api import watching
from kerasdiff.api.choices import Choices, data_of, options_of, plainly, start_ahead
from kerasdiff.api.results import Converted, InconclusiveError, Inspection, NotEquivalentError, Result
from kerasdiff.api.targets import Files, Inputs, Python, Variables, inputs_of, setting_of, target_of, targets_of
from kerasdiff.defaults import SEEDS
from kerasdiff.errors import FitError
from kerasdiff.options import Ignored, Options, Required

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from kerasdiff.side.targets import Backend


@plainly
def compare(
    reference: object,
    candidate: object,
    *,
    fit: bool = True,
    fit_steps: int = 30,
    data: str | os.PathLike[str] | None = None,
    inputs: Inputs | None = None,
    custom_objects: Files = (),
    unsafe: bool = False,
    reference_python: Python = None,
    candidate_python: Python = None,
    reference_backend: Backend | None = None,
    candidate_backend: Backend | None = None,
    reference_env: Variables = None,
    candidate_env: Variables = None,
    require: Required = "statistical",
    require_checkpoint: bool = False,
    ignore: Ignored | Sequence[Ignored] = (),
    values: bool | None = None,
    picture: bool = False,
    seed: int = 0,
    search: float = 10.0,
    device: str = "auto",
    timeout: float = 600.0,
) -> Result:
    """Compares two models, as ``kerasdiff compare`` does; neither is changed, nor anything else in this process.

    Args:
        reference: A target (``"models.py:Net"``, ``"net.keras"``, a path), a class or function that makes a model, or a
            model or layer in memory.
        candidate: The same.
        fit: Whether both are trained as well.
        fit_steps: For how many steps.
        data: What on, where not on the default: as ``--data``.
        inputs: What they are called with, where they do not say: ``(32, 32, 3)``, ``"ids=16:int32@0..100"``; several in
            a list, or by name in a dictionary.
        custom_objects: Python files with the classes that saved models are made with: a path, or several.
        unsafe: Whether code that saved models hold may be run.
        reference_python: What runs the reference, where not what runs this: an interpreter, or the directory of a
            virtual environment, with nothing of kerasdiff's installed there.
        candidate_python: The same.
        reference_backend: What Keras runs the reference on, ``tensorflow``, ``jax`` or ``torch``; else that of
            ``KERAS_BACKEND``, which its file may set, or TensorFlow.
        candidate_backend: The same.
        reference_env: What is set in the environment of the reference alone: ``{"TF_USE_LEGACY_KERAS": "1"}``.
        candidate_env: The same.
        require: The weakest evidence that passes as equivalent: ``proof``, ``numeric`` or ``statistical``.
        require_checkpoint: Whether the candidate has to load the reference's weights.
        ignore: What is left out: ``initializer``, ``regularizer``, ``constraint``, ``trainable``, ``dtype``,
            ``compile``, ``names``.
        values: Whether the weights have to hold the same values; without a word, where a saved file is compared with
            another one or with a model in memory. Two models in memory are compared by what they do.
        picture: Whether what only a page shows is measured as well, for :meth:`Result.to_html`.
        seed: Of the weights, the probes and the trials.
        search: How much to look for an input that separates models which no probe tells apart, in seconds.
        device: Where to compute: ``auto``, ``cpu``, ``gpu`` or ``gpu:N``.
        timeout: Seconds a model may take for one answer.

    Raises:
        KerasdiffError: If a model cannot be found, loaded, built or called.
    """
    options = options_of(
        {
            "inputs": inputs,
            "fit": fit,
            "fit_steps": fit_steps,
            "data": data,
            "seed": seed,
            "timeout": timeout,
            "search": search,
            "require": require,
            "ignore": ignore,
            "require_checkpoint": require_checkpoint,
            "device": device,
            "values": values,
            "picture": picture,
        }
    )
    settings = (
        setting_of(reference_python, reference_backend, reference_env),
        setting_of(candidate_python, candidate_backend, candidate_env),
    )
    first, second = targets_of(
        (reference, candidate), settings, options.inputs, custom_objects=custom_objects, unsafe=unsafe
    )
    start_ahead(targets=(first, second))
    import kerasdiff.pipeline as engine

    return watching.noted(Result(engine.compare(first, second, options)))


def assert_equivalent(reference: object, candidate: object, **choices: Unpack[Choices]) -> None:
    """Raises an error whose message is the report, unless two models are equivalent; without a fit if not asked for.

    Args:
        reference: As :func:`compare` takes it.
        candidate: The same.
        choices: The same; ``fit=True`` trains both as well.

    Raises:
        NotEquivalentError: If they are different; it is an ``AssertionError``.
        InconclusiveError: If that stayed open.
        KerasdiffError: If a model cannot be found, loaded, built or called.
    """
    __tracebackhide__ = True
    choices.setdefault("fit", False)
    demand(compare(reference, candidate, **choices))


def demand(result: Result) -> None:
    """Raises unless the outcome is equivalent."""
    __tracebackhide__ = True
    if not result.equivalent:
        raise (InconclusiveError if result.outcome == "inconclusive" else NotEquivalentError)(result)


@plainly
def fit(
    reference: object,
    candidate: object,
    *,
    seeds: int | Sequence[int] = SEEDS,
    epochs: int | None = None,
    steps: int | None = None,
    batch_size: int = 64,
    learning_rate: float | None = None,
    optimizer: str | None = None,
    loss: str | None = None,
    margin: float = 1.0,
    budget: float | None = None,
    own_init: bool = False,
    fresh: bool = False,
    logdir: str | os.PathLike[str] | None = None,
    data: str | os.PathLike[str] | None = None,
    inputs: Inputs | None = None,
    custom_objects: Files = (),
    unsafe: bool = False,
    reference_python: Python = None,
    candidate_python: Python = None,
    reference_backend: Backend | None = None,
    candidate_backend: Backend | None = None,
    reference_env: Variables = None,
    candidate_env: Variables = None,
    device: str = "auto",
    timeout: float = 600.0,
) -> Result:
    """Trains copies of two models alike and compares what comes out, as ``kerasdiff fit`` does.

    Args:
        reference: As :func:`compare` takes it.
        candidate: The same.
        seeds: Trial pairs at most: how many, or their seeds.
        epochs: Of each trial; five where ``steps`` are not given either.
        steps: Optimizer steps of each trial at most.
        batch_size: Rows a step.
        learning_rate: In place of the model's own, or of 3e-4.
        optimizer: In place of the model's own, or of Adam: a name Keras knows.
        loss: In place of the model's own, or of the one its outputs suggest.
        margin: What still counts as equivalent: points of test accuracy, or percent of the test loss without classes.
        budget: Seconds for everything; seeds and epochs are cut to fit.
        own_init: Whether each model draws its own starting weights.
        fresh: Whether what is kept from an earlier run is trained anew.
        logdir: Directory for TensorBoard logs and CSV.
        data: What they are trained on, where not on the default: as ``--data``.
        inputs: As :func:`compare` takes them.
        custom_objects: The same.
        unsafe: The same.
        reference_python: The same.
        candidate_python: The same.
        reference_backend: The same.
        candidate_backend: The same.
        reference_env: The same.
        candidate_env: The same.
        device: Where to train: ``auto``, ``cpu``, ``gpu`` or ``gpu:N``.
        timeout: Seconds a model may take for one answer.

    Raises:
        KerasdiffError: If a model cannot be found, loaded, built, called or trained.
    """
    from kerasdiff.options import fit_options
    from kerasdiff.side.environment import trial_hardware

    given = inputs_of(inputs)
    numbers = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if not numbers or len(set(numbers)) != len(numbers):
        raise FitError(f"{seeds!r} are no seeds: give how many, from 1 on, or a list of different ones.")
    options = Options(inputs=given, data=data_of(data), seed=numbers[0], timeout=timeout)
    trials = fit_options(
        seeds=numbers,
        epochs=epochs,
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        loss=loss,
        margin=margin,
        budget=budget,
        own_init=own_init,
        fresh=fresh,
        logdir=logdir,
        device=device,
    )
    settings = (
        setting_of(reference_python, reference_backend, reference_env),
        setting_of(candidate_python, candidate_backend, candidate_env),
    )
    first, second = targets_of((reference, candidate), settings, given, custom_objects=custom_objects, unsafe=unsafe)
    start_ahead(trial_hardware(device), (first, second))
    import kerasdiff.pipeline as engine
    from kerasdiff.options import Silent

    return watching.noted(Result(engine.fit(first, second, options, trials, Silent())))


@plainly
def convert(
    reference: object,
    candidate: object,
    *,
    output: str | os.PathLike[str],
    weights: str | os.PathLike[str] | None = None,
    force: bool = False,
    inputs: Inputs | None = None,
    custom_objects: Files = (),
    unsafe: bool = False,
    reference_python: Python = None,
    candidate_python: Python = None,
    reference_backend: Backend | None = None,
    candidate_backend: Backend | None = None,
    reference_env: Variables = None,
    candidate_env: Variables = None,
    device: str = "auto",
    timeout: float = 600.0,
) -> Converted:
    """Writes one model's weights as another's, where both compute the same, as ``kerasdiff convert`` does.

    Args:
        reference: Whose weights they are, as :func:`compare` takes it.
        candidate: Whose they are to become.
        output: What to write: ``.weights.h5``, or ``.keras`` for the whole model.
        weights: The reference's: a file of Keras, the prefix of a checkpoint of TensorFlow, or the directory of a
            SavedModel; ``None`` for the values that it has.
        force: Whether a file that is there is written over.
        inputs: As :func:`compare` takes them.
        custom_objects: The same.
        unsafe: The same.
        reference_python: The same.
        candidate_python: The same.
        reference_backend: The same.
        candidate_backend: The same.
        reference_env: The same.
        candidate_env: The same.
        device: The same.
        timeout: Seconds a model may take for one answer.

    Raises:
        KerasdiffError: If a model cannot be found, loaded, built or called, or the weights are none of the reference's.
    """
    from kerasdiff.side.reading.weights import file_to_make, weights_file

    source = None if weights is None else weights_file(os.fspath(weights))
    named = [os.fspath(model) for model in (reference, candidate) if isinstance(model, str | os.PathLike)]
    path = file_to_make(os.fspath(output), [*named, *([source.location] if source else [])], force=force)
    given = inputs_of(inputs)
    settings = (
        setting_of(reference_python, reference_backend, reference_env),
        setting_of(candidate_python, candidate_backend, candidate_env),
    )
    first, second = targets_of((reference, candidate), settings, given, custom_objects=custom_objects, unsafe=unsafe)
    start_ahead(targets=(first, second))
    import kerasdiff.pipeline as engine

    options = Options(inputs=given, timeout=timeout, device=device)
    return Converted(engine.convert(first, second, source, path, options))


@plainly
def inspect(
    target: object,
    *,
    inputs: Inputs | None = None,
    custom_objects: Files = (),
    unsafe: bool = False,
    python: Python = None,
    backend: Backend | None = None,
    env: Variables = None,
    timeout: float = 600.0,
) -> Inspection:
    """Traces one model, as ``kerasdiff inspect`` does.

    Args:
        target: As :func:`compare` takes it.
        inputs: The same.
        custom_objects: The same.
        unsafe: The same.
        python: What runs it, where not what runs this: as ``reference_python``.
        backend: What Keras runs it on: as ``reference_backend``.
        env: What is set in its environment: as ``reference_env``.
        timeout: Seconds it may take for one answer.

    Raises:
        KerasdiffError: If it cannot be found, loaded, built or called.
    """
    given = inputs_of(inputs)
    setting = setting_of(python, backend, env)
    model = target_of(target, given, setting, custom_objects=custom_objects, unsafe=unsafe)
    start_ahead(targets=(model,))
    import kerasdiff.pipeline as engine

    return Inspection(engine.inspect(model, given, timeout))
