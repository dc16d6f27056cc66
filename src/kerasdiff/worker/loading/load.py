"""How does a target become a model that has been called once? What every other part of the worker stands on."""

from __future__ import annotations

import inspect
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from kerasdiff.errors import EvaluateError, LoadError, TraceError
from kerasdiff.graph.values import Precision
from kerasdiff.side.payload import Payload
from kerasdiff.side.targets import InputSpec, Target
from kerasdiff.worker.importing.arguments import Scope
from kerasdiff.worker.importing.faults import at_line, reason, user_traceback
from kerasdiff.worker.importing.resolve import Constructed, construct, resolve
from kerasdiff.worker.keras_internals import Live, array, as_in_float32, exact_casts, keras, on_tensorflow, wide
from kerasdiff.worker.live.unpack import settle, unpack
from kerasdiff.worker.loading.configs import open_config
from kerasdiff.worker.loading.inputs import Signature, is_declared, named_otherwise, show, signature_of, with_ranges
from kerasdiff.worker.loading.loaded import Loaded
from kerasdiff.worker.loading.parts import by_parts, without_call
from kerasdiff.worker.loading.saved import open_saved
from kerasdiff.worker.loading.written import guess_mended
from kerasdiff.worker.tracing import sources

SEED = 0
BATCH = 2
_UNKNOWN_DIMS = (16, 32, 64, 128, 256, 8, 4, 2, 1)
"""Sizes tried for unknown dimensions: 16 suits most sequence models, larger ones those that keep pooling."""


@contextmanager
def precision_scope(precision: Precision) -> Iterator[None]:
    """Makes ``precision`` Keras's default for what is created inside; float32 leaves the defaults alone."""
    if precision == "float32":
        yield
        return
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(precision)
    keras.config.set_dtype_policy(precision)
    try:
        with exact_casts(), wide():
            yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)


def load(
    target: Target,
    inputs: tuple[InputSpec, ...] = (),
    precision: Precision = "float32",
    seed: int = SEED,
    alter: Callable[[Live], None] | None = None,
    ids: Sequence[bool] | None = None,
) -> Loaded:
    """Imports, constructs and builds a model, all from one seed.

    ``alter`` changes it before it is called for the first time. ``ids`` says which inputs hold ids, where an earlier
    load found that out.

    Raises:
        TargetError: If the target's name does not exist or ``--input`` contradicts the model.
        LoadError: If the file or the constructor fails, or the precision cannot be had.
        TraceError: If the model cannot be called on its inputs.
    """
    # Filtered tracebacks come with a rewritten message: the user's own error is wanted, as it was raised.
    keras.config.disable_traceback_filtering()
    keras.utils.set_random_seed(seed)
    if target.payload is not None:
        settle(target.payload)
    with precision_scope(precision), sources.recording():
        if target.payload is not None:
            made, root = _copied(target, target.payload, inputs, precision), target.payload.root
        elif target.kind in _OPENED:
            made, root = _OPENED[target.kind](target, precision), str(Path(target.location).parent)
        else:
            try:
                made, root = resolve(target, inputs)
            except LoadError:
                _check_eager(target)  # of which what failed is but a consequence
                raise
        _check_eager(target)
        _check_backend(target)
        if alter is not None:
            alter(made.model)
        parts = by_parts(made.model, target.text) if without_call(made.model) else None
        signature = parts or signature_of(made, inputs, target.text)
        if not is_declared(made.model):
            # Declared inputs have been through every layer already, symbolically.
            _build(made.model, signature, target, root)
        if precision != "float32":
            as_in_float32(made.model)
        ports, cuts = with_ranges(signature.ports, made.model, signature.pack, target.text, ids)
    loaded = Loaded(
        model=made.model,
        ports=ports,
        pack=signature.pack,
        inferred=(*made.inferred, *signature.inferred, *cuts),
        class_name=type(made.model).__name__,
        root=root,
        guessed=signature.guessed,
    )
    return loaded if target.change is None else _changed(loaded, target, inputs, precision, seed)


def _copied(target: Target, payload: Payload, inputs: tuple[InputSpec, ...], precision: Precision) -> Constructed:
    """A copy of what is in memory elsewhere, or what the copied code makes.

    Raises:
        LoadError: If the copy cannot be made here.
    """
    try:
        model = unpack(payload, precision)
    except Exception as error:  # modules of the user's are imported, which may raise anything
        raise LoadError(
            f"{target.text} was copied, but the copy cannot be opened in a process of its own"
            f"{at_line(error, payload.root)}: {reason(error)}.",
            user_traceback(error, payload.root),
        ) from None
    return construct(model, Scope(target=target, names={}, root=payload.root), inputs)


def _check_backend(target: Target) -> None:
    """Refuses code that asks for a backend of Keras which nobody knew of when Keras was imported.

    Raises:
        LoadError: If it sets the variable, in a module that its file imports, say.
    """
    wanted = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if target.backend is None and wanted != "tensorflow":
        raise LoadError(
            f"{target.text}: its code sets KERAS_BACKEND to {wanted!r}, and it was loaded on TensorFlow; "
            "name the backend that is meant by --backend, or by KERAS_BACKEND before kerasdiff starts."
        )


def _check_eager(target: Target) -> None:
    """Refuses a process that the model's code has put into the graph mode of TensorFlow 1.

    Raises:
        LoadError: Where it has; nothing can be run there any more.
    """
    if not tf.executing_eagerly():
        raise LoadError(
            f"{target.text}: its code puts TensorFlow in graph mode (disable_eager_execution or disable_v2_behavior), "
            "in which Keras 3 does not run; take that out, or write the model for Keras 3."
        )


def _changed(loaded: Loaded, target: Target, inputs: tuple[InputSpec, ...], precision: Precision, seed: int) -> Loaded:
    """The model built again of its parts with a change, from the seed as well; else one with other settings.

    Raises:
        EvaluateError: If there is no such change.
    """
    from kerasdiff.worker.mutating.live import altered
    from kerasdiff.worker.mutating.rebuilding import built_again, given_to, taken_apart

    key = target.change or ""
    with precision_scope(precision), sources.recording():
        try:
            blueprint = taken_apart(loaded.model, loaded.ports, loaded.pack)
            keras.utils.set_random_seed(seed)
            model = built_again(blueprint, key, loaded.ports)
            if precision != "float32":
                as_in_float32(model)
        except EvaluateError:
            plain = replace(target, change=None)
            return load(plain, inputs, precision, seed, lambda model: altered(model, key))
    pack = partial(given_to, blueprint)
    return replace(loaded, model=model, pack=pack, class_name=type(model).__name__)


_OPENED: Mapping[str, Callable[[Target, Precision], Constructed]] = {"saved": open_saved, "config": open_config}
"""Files that are a model by themselves."""


def _build(model: Live, signature: Signature, target: Target, root: str) -> None:
    """Calls the model once on zeros in inference mode, so that every weight exists."""
    unknown = any(dim is None for port in signature.ports for dim in (port.spec.shape or ())[1:])
    first: BaseException | None = None
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        for size in _UNKNOWN_DIMS if unknown else _UNKNOWN_DIMS[:1]:
            try:
                _call_on_zeros(model, signature, size)
                return
            except BaseException as error:  # the user's call() may raise anything
                first = first or error
    finally:
        sys.dont_write_bytecode = written
    assert first is not None
    if mistaken := named_otherwise(model, signature, first):
        fails = f"taken for keys of a dict, the call fails{at_line(first, root)}: {reason(first)}"
        raise TraceError(f"{target.text}: {mistaken}; {fails}.", user_traceback(first, root))
    raise _call_failure(first, signature, target, root)


def _call_on_zeros(model: Live, signature: Signature, size: int) -> None:
    zeros = []
    for port in signature.ports:
        batch, *dims = port.spec.shape or (None,)
        zeros.append(_zeros([batch or BATCH, *(dim or size for dim in dims)], port.spec.dtype))
    args, kwargs = signature.pack(zeros)
    if "training" in inspect.signature(model.call).parameters:
        kwargs = {**kwargs, "training": False}
    model(*args, **kwargs)


def _zeros(shape: Sequence[int], dtype: str) -> Live:
    return tf.zeros(shape, dtype) if on_tensorflow() else array(np.zeros(shape), dtype)


def _call_failure(error: BaseException, signature: Signature, target: Target, root: str) -> TraceError:
    shapes = ", ".join(
        f"{'' if port.name == 'input' else port.name + ' '}{show((port.spec.shape or ())[1:])} {port.spec.dtype}"
        for port in itertools.islice(signature.ports, 6)
    )
    message = f"{target.text}: the call on input {shapes} fails{at_line(error, root)}: {reason(error)}."
    if isinstance(error, NotImplementedError):  # it has no call(), which no input mends
        return TraceError(message, user_traceback(error, root))
    if signature.guessed:
        message += f" {guess_mended(target)}"
    else:
        message += " If the model expects another input, give it with --input."
    return TraceError(message, user_traceback(error, root))
