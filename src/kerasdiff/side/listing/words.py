"""What is said of a name that can be a model, or cannot?"""

from __future__ import annotations

from collections.abc import Mapping

from kerasdiff.side.listing.candidates import Candidate, Reason

REASONS: Mapping[Reason, str] = {
    Reason.NOT_OF_KERAS: "a class, but not of a Keras model or layer",
    Reason.RETURNS_NOTHING: "a function that returns nothing",
    Reason.RETURNS_TENSOR: "a function that returns a tensor",
    Reason.RETURNS_DATA: "a function that returns no model",
    Reason.IS_TENSOR: "a tensor",
    Reason.IS_DATA: "plain data",
}


def described(candidate: Candidate) -> str:
    """What a name that can be a model is, and what has to be given."""
    if candidate.kind == "object":
        what = "model" if candidate.whole else "layer"
    else:
        of = "a model" if candidate.whole else "a layer"
        what = f"class of {of}" if candidate.kind == "class" else f"function that makes {of}"
    if candidate.can == "maybe":
        what = candidate.kind
    needs = f"; needs {', '.join(candidate.missing)}" if candidate.missing else ""
    return f"{what}{needs}"


def why_not(candidate: Candidate) -> str:
    """Why a name can be no model."""
    return "" if candidate.reason is None else REASONS[candidate.reason]
