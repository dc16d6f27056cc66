"""Answers ``places``: where a model stores its weights, without a file that holds them."""

from __future__ import annotations

from kerasdiff.errors import EvaluateError
from kerasdiff.side.checkpoints import Places
from kerasdiff.worker.importing.faults import reason
from kerasdiff.worker.keras_internals import TRAINING_STATE, Live, keras, stored_variables, sublayers
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.tracing.names import weight_table
from kerasdiff.worker.user_code.reach import is_user_code

STORING = (
    "save_own_variables", "load_own_variables", "save_assets", "load_assets", "save_weights", "load_weights",
)  # fmt: skip
"""Methods by which a layer or a model stores what it holds."""


def places(session: Session) -> Places:
    """Goes through the model as Keras does to save its weights, and notes what is stored where.

    Raises:
        EvaluateError: If Keras cannot save them.
    """
    model = session.described().model
    if not isinstance(model, keras.Model):
        raise EvaluateError(f"{session.target.text} is a layer, and Keras saves models alone")
    try:
        stored = stored_variables(model)
    except BaseException as error:  # the user's layers may save in a way of their own
        raise EvaluateError(f"{session.target.text}: Keras cannot save the weights: {reason(error)}") from None
    own = {path: value for path, value in stored.items() if not path.startswith(TRAINING_STATE)}
    names = {id(variable): name for name, variable in weight_table(model).items()}
    return Places(
        stored={path: tuple(int(dim) for dim in value.shape) for path, value in own.items()},
        paths={names[id(value)]: path for path, value in own.items() if id(value) in names},
        own=tuple(sorted({type(one).__name__ for one in (model, *sublayers(model, deep=True)) if _stores(one)})),
    )


def _stores(layer: Live) -> bool:
    """Whether code of the user's own says how it is stored."""
    return any(is_user_code(getattr(type(layer), name, None)) for name in STORING)
