"""Comparisons with something to plot: distances along two graphs, and fits of every kind, by the tool's own figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import report_samples as samples

from kerasdiff.comparison import Comparison
from kerasdiff.drawing import Drawing, Drawn, WeightDistance
from kerasdiff.explain.records import Depth, NodeDistance
from kerasdiff.fitting.evidence import evidence
from kerasdiff.fitting.trials import FitEvidence
from kerasdiff.graph import Graph
from kerasdiff.options import FitOptions
from kerasdiff.side.training import (
    Answers,
    DataSource,
    Epoch,
    History,
    Trial,
    TrialSettings,
    TrialSide,
    TrialSoFar,
)

NAMES = ("disc", "ring", "cross", "square")
ROWS = 200


# Distances along a model -------------------------------------------------------------------------------------


def along(distances: Sequence[tuple[float, float]], gradients: Sequence[float] = (), limit: float = 1e-9) -> Comparison:
    """The founding pair with these distances (overall, local) of its nodes, and of more where those do not suffice."""
    comparison = samples.forum()
    nodes = [row.candidate for row in comparison.rows if row.candidate is not None]
    aligned = [row.candidate for row in comparison.rows if row.reference is not None and row.candidate is not None]
    more = [replace(aligned[at % len(aligned)], id=f"more_{at}") for at in range(len(aligned), len(distances))]
    graph = Graph(nodes=(*nodes, *more), outputs=())
    names = [node.id for node in (*aligned, *more)]
    depth = Depth(
        mode="inference",
        probes=("normal",),
        precision="float64",
        limit=limit,
        nodes=tuple(
            NodeDistance(nodes=(f"mdl/{name}", name), overall=overall, local=local)
            for name, (overall, local) in zip(names, distances, strict=False)
        ),
    )
    weights = tuple(
        WeightDistance(
            weights=(f"mdl/layer_{at}/kernel", f"layer_{at}/kernel"),
            ids=(f"a{at}", f"w{at}"),
            relative=size,
            limit=1e-7,
        )
        for at, size in enumerate(gradients)
    )
    drawing = Drawing(mode="inference", sides=(Drawn(graph=graph, weights=()),) * 2, depth=depth, gradients=weights)
    return replace(comparison, drawing=drawing, fit=None)


def parting() -> Comparison:
    """Values that agree to the last bit, then to rounding, then part; gradients of every kind."""
    overall = [0.0, 0.0, 2e-16, *[0.9 * 0.8**at for at in range(11)]]
    local = [0.0, 0.0, 1e-16, 0.7, *[3e-16] * 10]
    return along(list(zip(overall, local, strict=True)), [0.9, 2e-3, 4e-15, 0.0, math.inf])


def deep(count: int = 1_200) -> Comparison:
    """A network of many nodes, with one that differs in its middle."""
    return along([(0.0 if at < count // 2 else 0.02, 0.02 if at == count // 2 else 1e-16) for at in range(count)])


# Fits --------------------------------------------------------------------------------------------------------

Loss = Callable[[int], float]


def falling(seed: int, speed: float = 0.02) -> Loss:
    """A loss that falls from 2.3, each seed a little apart."""
    return lambda step: 2.3 * math.exp(-speed * step) + 0.03 * math.sin(1.7 * step + seed) + 0.01 * seed


def trial(
    side: TrialSide, seed: int, loss: Loss, *, steps: int = 40, epochs: int = 4, classes: int = len(NAMES)
) -> Trial:
    """A finished trial with losses by the step; of a regression where there are no ``classes``."""
    losses = tuple(loss(step) for step in range(steps))
    # A trial ends with the first loss that is not finite.
    told = next((step + 1 for step, value in enumerate(losses) if not math.isfinite(value)), steps)
    losses = losses[:told]
    ends = [min(told, (number + 1) * steps // epochs) for number in range(epochs)]
    reached = [_epoch(number + 1, end, losses, classes) for number, end in enumerate(dict.fromkeys(ends))]
    draw = np.random.default_rng([seed, len(side)])
    labels = np.arange(ROWS) % max(1, classes)
    said = np.where(
        draw.random(ROWS) < 0.5 + 0.04 * (side == "candidate"), labels, draw.integers(0, classes or 1, ROWS)
    )
    return Trial(
        side=side,
        seed=seed,
        steps=steps,
        history=History(losses=losses, accuracies=losses if classes else (), epochs=tuple(reached)),
        data=DataSource(kind="procedural", train=640, test=ROWS, cifar10_missing=True),
        settings=TrialSettings(
            optimizer="adam",
            learning_rate=3e-4,
            loss=("SparseCategoricalCrossentropy(from_logits=True)",),
            targets=("sparse",),
            from_compile=False,
            batch_size=64,
            without_gradient=(),
            custom_train_step_ignored=False,
            steps=steps,
            epochs=epochs,
            steps_per_epoch=steps // epochs,
            test_rows=ROWS,
        ),
        answers=Answers(
            predictions=np.zeros(1),
            digest=repr(losses),
            classes=(said,) if classes else (),
            labels=(labels,) if classes else (),
        ),
        class_names=NAMES[:classes],
    )


def _epoch(number: int, end: int, losses: Sequence[float], classes: int) -> Epoch:
    loss = losses[end - 1]
    share = 1 / (1 + loss) if math.isfinite(loss) and classes else None
    return Epoch(
        number=number,
        steps=end,
        train_loss=loss,
        train_accuracy=share,
        test_loss=1.05 * loss if math.isfinite(loss) else None,
        test_accuracy=None if share is None else 0.95 * share,
        seconds=1.0,
    )


def fit(
    seeds: int = 5, *, controls: bool = True, losses: Callable[[int], tuple[Loss, Loss]] | None = None, **shape: int
) -> FitEvidence:
    """A fit of so many pairs; ``losses`` gives those of both sides by the seed."""
    of = losses or (lambda seed: (falling(seed), falling(seed, 0.026)))
    pairs = [
        (trial("reference", seed, of(seed)[0], **shape), trial("candidate", seed, of(seed)[1], **shape))
        for seed in range(seeds)
    ]
    reference = of(0)[0]
    kinds: dict[TrialSide, Loss] = {"control": reference, "rounding": lambda step: reference(step) + 1e-7 * (1 + step)}
    held = {side: trial(side, 0, loss, **shape) for side, loss in kinds.items()} if controls else {}
    return evidence(pairs, held, FitOptions(seeds=tuple(range(seeds))))


def diverging() -> FitEvidence:
    """A candidate whose second seed ends in NaN."""

    def of(seed: int) -> tuple[Loss, Loss]:
        slow = falling(seed, 0.026)
        return falling(seed), (lambda step: math.nan if seed == 1 and step > 25 else slow(step))

    return fit(3, losses=of)


def cut_off() -> FitEvidence:
    """A fit that was interrupted in its first pair."""
    whole = fit(1, controls=False)
    trials = tuple(
        TrialSoFar(
            side=one.side,
            seed=one.seed,
            steps=one.steps,
            history=History(epochs=one.epochs[:2]),
        )
        for one in whole.trials
    )
    return FitEvidence(trials=trials, seeds=(0, 1, 2))


def fitted(held: FitEvidence) -> Comparison:
    """A comparison that shows a fit alone."""
    return replace(samples.forum(), fit=held, attribution=None, drawing=None)


def whole() -> Comparison:
    """A comparison with every figure there is."""
    return replace(parting(), fit=fit())


COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "parting": parting,
    "deep": deep,
    "equal": lambda: along([(0.0, 0.0)] * 14, [0.0] * 3),
    "fit": lambda: fitted(fit()),
    "one-seed": lambda: fitted(fit(1)),
    "no-control": lambda: fitted(fit(3, controls=False)),
    "regression": lambda: fitted(fit(3, classes=0)),
    "identical": lambda: fitted(fit(2, losses=lambda seed: (falling(seed), falling(seed)))),
    "diverging": lambda: fitted(diverging()),
    "cut-off": lambda: fitted(cut_off()),
    "many-seeds": lambda: fitted(fit(45, steps=12)),
    "long": lambda: fitted(fit(2, steps=3_000, losses=lambda seed: (falling(seed, 6e-4), falling(seed, 9e-4)))),
}
"""By name; each is drawn in a browser."""
