"""What does the reference save, and what becomes of the candidate that loads it?

Both sides draw other weights before the load, so a weight that stayed as it was, or got another's values, shows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kerasdiff.align.pair import Pair
from kerasdiff.errors import EvaluateError
from kerasdiff.graph.values import Closeness
from kerasdiff.probing.inputs.probes import probes
from kerasdiff.probing.numbers.closeness import compare_values
from kerasdiff.probing.numbers.limits import precision_tolerance
from kerasdiff.probing.observations import StoredObservation
from kerasdiff.probing.prober import both
from kerasdiff.side.checkpoints import (
    CHECKPOINT,
    FORMS,
    SECOND_FORMS,
    WEIGHTS,
    LoadRequest,
    Restored,
    Saved,
    SaveRequest,
)
from kerasdiff.side.observations import EvaluateRequest
from kerasdiff.side.protocol import Side

OTHER_DRAW = 200_000
"""Added to the seeds of the candidate's own weights: beyond those of any other draw."""


def observe_stored(sides: tuple[Side, Side], pair: Pair, seed: int, repeated: bool | None = None) -> StoredObservation:
    """Saves the reference, loads it into the candidate and compares the outputs of one probe in float32.

    ``repeated`` is whether the reference gives the same outputs twice, ``None`` where that has to be found out.

    Raises:
        EvaluateError: If a side cannot save, run or be compared.
    """
    ports = pair.descriptions[0].inputs
    batch = probes(ports, seed)[0][1]
    probe = tuple(batch[port.name] for port in ports)
    transfer = pair.transfer
    own = tuple(recipe.drawn_elsewhere(OTHER_DRAW) for recipe in transfer.candidate)
    with _directory() as directory:
        files = _places(directory, SECOND_FORMS if pair.descriptions[0].of_keras_2 else FORMS)
        layout = {WEIGHTS: str(Path(directory, f"candidate{WEIGHTS}"))}
        requests = (
            SaveRequest(recipes=transfer.reference, files=files, probe=probe),
            SaveRequest(recipes=own, files=layout, load_follows=True),
        )
        saved, other = both(lambda side: sides[side].save_checkpoint(requests[side]))
        if not saved.outputs:
            raise EvaluateError("the reference returns no tensor that could be compared after loading")
        others = {form: path for form, path in saved.files.items() if form not in saved.alike}
        restored = sides[1].load_checkpoint(LoadRequest(recipes=own, files=others, probe=probe))
    outputs = {form: _worst(saved, item) for form, item in restored.items() if not item.error}
    agree = all(close.equal and close.informative for close in outputs.values())
    if agree or len(outputs) < len(restored):
        repeated = True  # a load that is refused is no chance
    elif repeated is None:
        request = EvaluateRequest(recipes=transfer.reference, probes=(probe,), precision="float32")
        repeated = sides[0].evaluate(request).repeated
    return StoredObservation(saved=saved, other=other, restored=restored, outputs=outputs, repeated=repeated)


def _places(directory: str, forms: tuple[str, ...]) -> dict[str, str]:
    """Where a file of each kind goes; a checkpoint is named by what its files begin with."""
    return {form: str(Path(directory, "reference" if form == CHECKPOINT else f"reference{form}")) for form in forms}


@contextmanager
def _directory() -> Iterator[str]:
    """A directory for the files of one comparison.

    Raises:
        EvaluateError: If there is no room for one.
    """
    try:
        directory = tempfile.TemporaryDirectory(prefix="kerasdiff-", ignore_cleanup_errors=True)
    except OSError as error:
        raise EvaluateError(f"no temporary directory can be made: {error.strerror or error}") from None
    with directory as path:
        yield path


def _worst(saved: Saved, item: Restored) -> Closeness:
    tolerance = precision_tolerance("float32")
    outputs = [compare_values(one, two, tolerance) for one, two in zip(saved.outputs, item.outputs, strict=True)]
    return max(outputs, key=lambda close: (not close.equal, close.informative, close.max_relative))
