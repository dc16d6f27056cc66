"""``kerasdiff fit``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.options.against import pair_arguments, pair_of
from kerasdiff.cli.options.cluster import cluster_options, refuse_other_pythons
from kerasdiff.cli.options.common import (
    EXIT_CODES_HELP,
    TARGETS_HELP,
    Number,
    clean,
    data_option,
    device_option,
    model_options,
    progress,
    start_ahead,
    understood,
)
from kerasdiff.cli.reports.output import Output, report_options
from kerasdiff.cli.reports.reporting import report_comparison
from kerasdiff.cli.surviving import Child
from kerasdiff.defaults import EPOCHS, SEEDS

if TYPE_CHECKING:
    from kerasdiff.options import ClusterOptions, FitOptions, Options
    from kerasdiff.side.targets import Target


class Seeds(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """A number of seeds, counted from 0, or a list of them."""

    name = "N|LIST"

    def convert(
        self, value: str | tuple[int, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        if re.fullmatch(r"[1-9]\d{0,3}", value):
            return tuple(range(int(value)))
        parts = value.removesuffix(",").split(",")
        if "," in value and all(re.fullmatch(r"\d{1,9}", part.strip()) for part in parts):
            seeds = tuple(int(part) for part in parts)
            if len(set(seeds)) == len(seeds):
                return seeds
        text = f"{value!r} is neither a number of seeds from 1 on nor a list of different ones, such as 0,1,2."
        raise click.BadParameter(text, ctx, param)


class Seconds(click.ParamType):  # type: ignore[type-arg]
    """A time span: ``60s``, ``10m``, ``1h``."""

    name = "TIME"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        span = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh])", value.strip())
        if span is None or not float(span[1]):
            raise click.BadParameter(f"{value!r} is no time span; write 60s, 10m or 1h.", ctx, param)
        return float(span[1]) * {"s": 1.0, "m": 60.0, "h": 3600.0}[span[2]]


@click.command(short_help="Trains both models alike and compares the outcome.", epilog=TARGETS_HELP + EXIT_CODES_HELP)
@pair_arguments
@click.option(
    "--seeds",
    type=Seeds(),
    default=str(SEEDS),
    show_default=True,
    help="Trial pairs at most: how many, or the list of their seeds.",
)
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Epochs of each trial; {EPOCHS} where --steps is not given either.",
)
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Optimizer steps of each trial at most.")
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    metavar="N",
    help="Examples in each step.",
)
@click.option(
    "--learning-rate",
    type=Number(min=0, min_open=True),
    metavar="RATE",
    help="In place of the model's own, or of 3e-4.",
)
@click.option("--optimizer", metavar="NAME", help="In place of the model's own, or of Adam: a name Keras knows.")
@click.option("--loss", metavar="NAME", help="In place of the model's own, or of the one its outputs suggest.")
@device_option("Where to train; auto takes a GPU where there is one.")
@click.option(
    "--margin",
    type=Number(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="POINTS",
    help="What still counts as equivalent: points of test accuracy, or percent of the test loss without classes.",
)
@cluster_options(
    "trial",
    use="Train",
    cpus="processor cores of a trial pair, whose trials run in turn.  [default: 1]",
    gpus="GPUs of a trial pair, or the share of one.  [default: 0]",
)
@click.option("--budget", type=Seconds(), help="Train no longer than this: 60s, 10m. Seeds and epochs are cut to fit.")
@click.option("--own-init", is_flag=True, help="Let each model draw its own starting weights.")
@click.option("--fresh", is_flag=True, help="Train anew what is kept from an earlier run.")
@click.option("--logdir", type=click.Path(file_okay=False), metavar="DIR", help="Write TensorBoard logs and CSV here.")
@data_option("Instead of CIFAR-10, train on")
@model_options
@report_options(pages="file")
def fit(
    reference: str | None,
    candidate: str | None,
    against: str | None,
    seeds: tuple[int, ...],
    epochs: int | None,
    steps: int | None,
    batch_size: int,
    learning_rate: float | None,
    optimizer: str | None,
    loss: str | None,
    device: str,
    margin: float,
    budget: float | None,
    own_init: bool,
    cluster: ClusterOptions | None,
    fresh: bool,
    logdir: str | None,
    data: str | None,
    inputs: tuple[str, ...],
    timeout: float,
    to: Output,
) -> int:
    """Trains CANDIDATE and REFERENCE alike and compares what comes out.

    Both start from the same weights and see the same batches, seed after seed, until that decides. Finished
    epochs are kept: the same command goes on where an interrupted one stopped.

    \b
    Examples:
      kerasdiff fit a.py:ConvModel_1 b.py:ConvModel_2
      kerasdiff fit a.py:ConvModel_1 b.py:ConvModel_2 --seeds 10 --epochs 30
      kerasdiff fit old.py:Net new.py:Net --data mine.npz --budget 10m
      kerasdiff fit old.py:Net new.py:Net --seeds 1000 --ray 10.0.0.1:6379
    """  # noqa: D301
    texts, revision = pair_of(reference, candidate, against)
    from kerasdiff.side.baselines.container import refuse_training

    (first, second), specs = understood(texts, inputs, data, revision)
    refuse_training(first, second)
    pair = first, second
    from kerasdiff.options import Options, fit_options

    options = Options(inputs=specs, data=data, seed=seeds[0], timeout=timeout, picture=to.pictured)
    trials = fit_options(
        seeds=seeds,
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
        cluster=cluster,
    )
    if trials.cluster is None:
        return _report(pair, options, trials, to)
    refuse_other_pythons(pair)
    child = Child()
    if child.exit_code is not None:
        return child.exit_code
    with child.to_its_end():
        return _report(pair, options, trials, to)


def _report(pair: tuple[Target, Target], options: Options, trials: FitOptions, to: Output) -> int:
    """Runs the fit and writes its report."""
    from kerasdiff.side.environment import trial_hardware

    hardware = trial_hardware(trials.device if trials.cluster is None else "cpu")
    start_ahead(hardware, pair, draws=options.data is None)
    import kerasdiff.pipeline as engine

    with progress() as listener:
        try:
            comparison = engine.fit(*pair, options, trials, listener)
        except engine.InterruptedFit as stop:
            if stop.known is None:
                raise
            comparison = stop.known
    report_comparison(comparison, to)
    if comparison.interrupted:
        click.echo(clean(f"interrupted: finished epochs are in {trials.trial.store}"), err=True)
    return comparison.exit_code
