"""Can the candidate load the reference's saved weights?

Why are outputs compared where Keras reports success? It walks the candidate's layers and asks the file for each path:
what the file holds beyond them is left out in silence, and layers of one class in a list are found by their order.
Both sides draw other weights before the load, so a weight that stayed as it was, or got another's values, shows.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kerasdiff.comparison import Rung, RungOutcome
from kerasdiff.probing.closeness import Closeness, compare_values, precision_tolerance
from kerasdiff.probing.prober import both
from kerasdiff.probing.probes import probes
from kerasdiff.probing.transfer import WeightTransfer
from kerasdiff.side.checkpoints import LoadRequest, Restored, Saved, SaveRequest
from kerasdiff.side.observations import EvaluateRequest
from kerasdiff.side.protocol import Side
from kerasdiff.side.records import Description

FORMS = (".weights.h5", ".keras")
OTHER_DRAW = 200_000
"""Added to the seeds of the candidate's own weights: beyond the 100,000 of :func:`transfer_weights`."""
MOST_NAMED = 3
"""Layers named in a sentence; the figures hold them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the stored paths of the two sides compare.

    Attributes:
        missing: Paths the candidate saves and the reference does not.
        extra: Paths the reference saves and the candidate does not.
        reshaped: Paths of both, with both shapes.
    """

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    reshaped: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Astray:
    """The weights that do not hold what their counterparts saved, whether Keras refused the file or not.

    Attributes:
        weights: Ids in the candidate.
        of: How many were expected to arrive.
        renamed: What they are stored under on either side, where that differs.
        unplaced: How many are stored alike, or at a place that is not known.
        swapped: How many hold what another weight saved.
    """

    weights: tuple[str, ...]
    of: int
    renamed: tuple[tuple[str, str], ...]
    unplaced: int
    swapped: int


def checkpoint(
    sides: tuple[Side, Side],
    descriptions: tuple[Description, Description],
    transfer: WeightTransfer,
    seed: int,
    *,
    required: bool,
    ignore_names: bool = False,
) -> Rung:
    """Saves the reference, loads it into the candidate and compares the outputs of one probe in float32.

    Raises:
        EvaluateError: If a side cannot save, run or be compared.
    """
    held = [any(not weight.is_seed for weight in item.weights) for item in descriptions]
    if not any(held):
        return Rung(name="checkpoint", outcome="equal", detail="neither model has weights, so there is nothing to load")
    ports = descriptions[0].inputs
    batch = probes(ports, seed)[0][1]
    probe = tuple(batch[port.name] for port in ports)
    own = tuple(replace(recipe, seed=recipe.seed + OTHER_DRAW) for recipe in transfer.candidate)
    with tempfile.TemporaryDirectory(prefix="kerasdiff-") as directory:
        files = tuple(str(Path(directory) / f"reference{form}") for form in FORMS)
        layout = (str(Path(directory) / f"candidate{FORMS[0]}"),)
        requests = (
            SaveRequest(recipes=transfer.reference, files=files, probe=probe),
            SaveRequest(recipes=own, files=layout, load_follows=True),
        )
        saved, other = both(lambda side: sides[side].save_checkpoint(requests[side]))
        others = {form: path for form, path in saved.files.items() if form not in saved.alike}
        found = sides[1].load_checkpoint(LoadRequest(recipes=own, files=tuple(others.values()), probe=probe))
    rung = _rung(saved, other, dict(zip(others, found, strict=True)), transfer, required, ignore_names)
    if rung.outcome == "equal" or any(item.error for item in found):
        return rung
    request = EvaluateRequest(recipes=transfer.reference, probes=(probe,), precision="float32")
    if not sides[0].evaluate(request).repeated:
        detail = "the reference is random at inference, so no output tells whether its weights arrived"
        return Rung(name="checkpoint", outcome="failed", detail=detail)
    return rung


def _rung(
    saved: Saved,
    other: Saved,
    found: Mapping[str, Restored],
    transfer: WeightTransfer,
    required: bool,
    ignore_names: bool,
) -> Rung:
    """One rung from all files: the first that does not do decides."""
    layout = _layout(saved, other)
    closeness = {form: _worst(saved, item) for form, item in found.items() if not item.error}
    bad = next((form for form in found if form not in closeness or not closeness[form].equal), None)
    close = closeness.get(bad) if bad is not None else next(iter(closeness.values()))
    figures: dict[str, Any] = {
        "files": list(saved.files),
        "unsaved": dict(saved.problems),
        "refused": {form: item.error for form, item in found.items() if item.error},
        "missing": list(layout.missing),
        "extra": list(layout.extra),
        "other_shape": list(layout.reshaped),
    }
    if close is not None:
        figures |= {
            "limit": close.limit,
            "max_absolute": close.max_absolute,
            "max_relative": close.max_relative,
            "place": None if close.place is None else list(close.place),
        }
    tail = "".join(f"; it cannot be saved as {form} ({_sentence(text)})" for form, text in saved.problems.items())
    if bad is None:
        assert close is not None
        what = f"what the reference saves ({' and '.join(saved.files)}) gives the candidate the same outputs"
        outcome: RungOutcome = "equal" if close.informative else "failed"
        return Rung(name="checkpoint", outcome=outcome, detail=f"{what}: {close.describe()}{tail}", figures=figures)
    astray = _astray(saved, other, found[bad], transfer)
    figures |= {"stored_as": [list(pair) for pair in astray.renamed], "astray": len(astray.weights), "of": astray.of}
    cause = _cause(astray, layout, sorted(transfer.transposed), refused=close is None)
    if close is None:
        lead = f"the reference's {bad} does not load into the candidate"
        cause = f"{cause} (Keras: {_sentence(found[bad].error)})" if cause else f"Keras: {found[bad].error}"
    else:
        lead = f"the reference's {bad} loads into the candidate without an error, but the outputs differ"
        cause = f"{cause}; {close.describe()}"
    named = bool(astray.renamed) and transfer.complete and not astray.unplaced and not astray.swapped
    if ignore_names and named:
        figures["ignored"] = {"names": len(astray.renamed)}
    gates = required and not (ignore_names and named)
    outcome = "different" if gates else "advisory"
    return Rung(name="checkpoint", outcome=outcome, detail=f"{lead}: {cause}{tail}", figures=figures)


def _worst(saved: Saved, item: Restored) -> Closeness:
    tolerance = precision_tolerance("float32")
    found = [compare_values(one, two, tolerance) for one, two in zip(saved.outputs, item.outputs, strict=True)]
    return max(found, key=lambda close: (not close.equal, close.informative, close.max_relative))


def _layout(saved: Saved, other: Saved) -> Layout:
    one, two = saved.stored, other.stored
    return Layout(
        missing=tuple(sorted(set(two) - set(one))),
        extra=tuple(sorted(set(one) - set(two))),
        reshaped=tuple(
            f"{path} {one[path]} in the reference, {two[path]} in the candidate"
            for path in sorted(set(one) & set(two))
            if one[path] != two[path]
        ),
    )


def _astray(saved: Saved, other: Saved, item: Restored, transfer: WeightTransfer) -> Astray:
    source = {digest: name for name, digest in saved.digests.items()}
    pairs = {one: two for one, two in transfer.pairs.items() if one in saved.digests and two in item.digests}
    lost = {one: two for one, two in pairs.items() if saved.digests[one] != item.digests[two]}
    known = {one: two for one, two in lost.items() if one in saved.paths and two in other.paths}
    apart = {one: two for one, two in known.items() if saved.paths[one] != other.paths[two]}
    return Astray(
        weights=tuple(lost.values()),
        of=len(pairs),
        renamed=tuple(
            dict.fromkeys((_owner(saved.paths[one]), _owner(other.paths[two])) for one, two in apart.items())
        ),
        unplaced=len(lost) - len(apart),
        swapped=sum(item.digests[two] in source for two in lost.values()),
    )


def _owner(path: str) -> str:
    """``layers/conv2d`` of ``layers/conv2d/vars/0``: what a weight is stored under, without its number."""
    return path.rpartition("vars/")[0].rstrip("/") or "the model itself"


def _cause(astray: Astray, layout: Layout, transposed: Sequence[str], *, refused: bool) -> str:
    """Why, in one sentence; empty where Keras's own message is all there is."""
    if astray.renamed:
        how = "in another order" if astray.swapped else "under other names"
        pairs = tuple(f"{one} as {two}" for one, two in astray.renamed)
        return f"the candidate's layers are stored {how}: {_named(pairs)}"
    if layout.reshaped:
        return f"weights stored under one path have other shapes: {_named(layout.reshaped)}"
    parts = []
    if layout.missing:
        parts.append(f"the file lacks {_named(layout.missing)}")
    if layout.extra:
        parts.append(f"the candidate has no place for {_named(layout.extra)}")
    if not parts and astray.weights:
        parts.append(f"{len(astray.weights)} of {astray.of} weights do not hold what was saved")
    if parts or refused:
        return " and ".join(parts)
    if transposed:
        return f"every weight arrives in its place, but the candidate reads {_named(tuple(transposed))} transposed"
    return "every weight arrives in its place, so the models themselves differ"


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"


def _sentence(text: str) -> str:
    """The first sentence of an error message without the name of its class."""
    return re.sub(r"^\w+: ", "", text).partition(". ")[0]
