"""How do two models come to be called alike? Both traced at once, on inputs that either may take from the other."""

from __future__ import annotations

import re

from kerasdiff.errors import TraceError
from kerasdiff.side.process import Worker
from kerasdiff.side.protocol import DESCRIBE
from kerasdiff.side.records import Description
from kerasdiff.side.targets import InputSpec

_NUMBERED = re.compile(r"input(_\d+)?")
"""Names that stand for a position, not for a meaning."""

Inputs = tuple[InputSpec, ...]


def describe_both(
    workers: tuple[Worker, Worker], given: Inputs, *, names_count: bool
) -> tuple[Description, Description]:
    """Traces both models at once; a model whose input is a guess is given the other one's inputs.

    Args:
        workers: Of the reference and the candidate.
        given: What ``--input`` said.
        names_count: Whether inputs that go by name are put in the reference's order.

    A model that ``fit`` leaves in inference mode is called as ``fit`` does where the other one is trained. Where both
    are left so, both are told the mode: that shows what they do inside another model, or in a loop of one's own.

    Raises:
        TraceError: If a model cannot be called.
    """
    pending = [worker.submit(DESCRIBE, None, (), False) for worker in workers]
    answers: list[Description | TraceError] = []
    for item in pending:
        try:
            answers.append(item.result())
        except TraceError as error:
            answers.append(error)
    inputs = [given, given]
    done: list[Description] = []
    for side, one in enumerate(answers):
        lender = answers[1 - side]
        unsure = isinstance(one, TraceError) or one.guessed
        if not given and unsure and isinstance(lender, Description) and not lender.guessed:
            inputs[side], description = _lent(workers[side], lender)
            done.append(description)
        elif isinstance(one, TraceError):
            raise one
        else:
            done.append(one)
    order = common_order(done[0], done[1]) if names_count else ()
    if order:
        done[1] = workers[1].describe(inputs[1], order)
    apart = fitted_apart(done[0], done[1])
    if apart is not None:
        done[apart] = workers[apart].describe(inputs[apart], order if apart else (), fitted=True)
    return done[0], done[1]


def fitted_apart(reference: Description, candidate: Description) -> int | None:
    """The side that ``fit`` leaves in inference mode where it trains the other one and that matters, else ``None``."""
    both = reference, candidate
    return next((side for side in (0, 1) if both[side].untold is not None and both[1 - side].told_mode), None)


def _lent(worker: Worker, lender: Description) -> tuple[Inputs, Description]:
    """Traces a model on the inputs of the other one, in the first way it accepts."""
    first: TraceError | None = None
    for inputs in borrowed(lender):
        try:
            return inputs, worker.describe(inputs)
        except TraceError as error:
            first = first or error
    assert first is not None
    raise first


def borrowed(description: Description) -> tuple[Inputs, ...]:
    """One model's inputs as ``--input`` would say them, in the order to try: a single one stays unnamed.

    Several in a list are tried as such first, then by the names the lender gave them.
    """
    several = len(description.inputs) > 1
    named = several and not any(_NUMBERED.fullmatch(port.name) for port in description.inputs)
    ways = (True,) if several and description.named_inputs else (False, True) if named else (False,)
    return tuple(
        tuple(
            InputSpec(
                name=port.name if by_name else None,
                shape=tuple((port.spec.shape or (None,))[1:]),
                dtype=port.spec.dtype,
                low=port.low,
                high=port.high,
                guessed=not port.given,
                batch=(port.spec.shape or (None,))[0],
                label=port.name,
            )
            for port in description.inputs
        )
        for by_name in ways
    )


def common_order(reference: Description, candidate: Description) -> tuple[str, ...]:
    """The reference's input names, where the candidate has the same in another order and a side goes by names."""
    first, second = ([port.name for port in item.inputs] for item in (reference, candidate))
    by_name = reference.named_inputs or candidate.named_inputs
    return tuple(first) if by_name and first != second and sorted(first) == sorted(second) else ()
