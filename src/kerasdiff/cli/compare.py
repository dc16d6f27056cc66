"""``kerasdiff compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.against import pair_arguments, pair_of
from kerasdiff.cli.common import (
    EXIT_CODES_HELP,
    TARGETS_HELP,
    Number,
    clean,
    data_option,
    device_option,
    file_to_write,
    model_options,
    progress,
    start_ahead,
    understood,
)
from kerasdiff.cli.completion import listed_names
from kerasdiff.cli.output import Output, report_comparison, report_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from kerasdiff.comparison import Comparison
    from kerasdiff.options import Ignored, Options, Required


def _seed(context: click.Context, option: click.Parameter, number: int) -> int:
    """A seed that every generator takes."""
    if number:  # what says which do takes a while to import
        from kerasdiff.options import LAST_SEED

        if number > LAST_SEED:
            raise click.BadParameter(f"{number} is no seed: they go from 0 to {LAST_SEED}.")
    return number


def _ignored(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> tuple[Ignored, ...]:
    """The names of all ``--ignore``, each once and in one order, so that equal questions get equal reports."""
    if not texts:
        return ()
    from kerasdiff.options import IGNORABLE

    names = [name.strip() for text in texts for name in text.split(",")]
    for name in names:
        if name not in IGNORABLE:
            raise click.BadParameter(f"{clean(name)!r} is none of {', '.join(IGNORABLE)}.")
    return tuple(name for name in IGNORABLE if name in names)


def _ignorable(context: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    from kerasdiff.options import IGNORABLE

    return listed_names(IGNORABLE, incomplete)


@click.command(epilog=TARGETS_HELP + EXIT_CODES_HELP)
@pair_arguments
@click.option("--no-fit", is_flag=True, help="Do not train; judge from the graphs and the probes.")
@click.option(
    "--fit-steps",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    metavar="N",
    help="Optimizer steps of each trial.",
)
@data_option("Train on")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    callback=_seed,
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of the weights, the probes and the trials.",
)
@click.option(
    "--search",
    type=Number(min=0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to look for an input that tells two models apart where no probe does; counted by the size of the "
    "models, not by the clock.",
)
@click.option(
    "--save-witness",
    type=click.Path(dir_okay=False),
    callback=file_to_write(".npz"),
    metavar="FILE.npz",
    help="Save the input on which the models differ most; `kerasdiff replay FILE.npz` runs it again.",
)
@click.option(
    "--require",
    type=click.Choice(["proof", "numeric", "statistical"]),
    default="statistical",
    show_default=True,
    help="The weakest evidence that passes as equivalent; with less the outcome is inconclusive.",
)
@click.option(
    "--ignore",
    multiple=True,
    callback=_ignored,
    shell_complete=_ignorable,
    metavar="NAME[,NAME...]",
    help="Leave out initializer, regularizer, constraint, trainable or dtype of weights, compile settings (compile), "
    "or names. May be repeated.",
)
@click.option(
    "--require-checkpoint", is_flag=True, help="Differ where the candidate cannot load the reference's saved weights."
)
@device_option("Where to compute; by auto the processor compares numbers, and a GPU trains where there is one.")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="The long report: of an equal pair more than three lines, tables and lists as a whole. JSON holds it anyway.",
)
@model_options
@report_options(pages="file")
def compare(
    reference: str | None,
    candidate: str | None,
    against: str | None,
    no_fit: bool,
    fit_steps: int,
    data: str | None,
    seed: int,
    search: float,
    save_witness: str | None,
    require: Required,
    ignore: tuple[Ignored, ...],
    require_checkpoint: bool,
    device: str,
    verbose: bool,
    inputs: tuple[str, ...],
    timeout: float,
    to: Output,
) -> int:
    """Compares the model CANDIDATE with the model REFERENCE.

    \b
    Examples:
      kerasdiff compare a.py:ConvModel_1 b.py:ConvModel_2
      kerasdiff compare old.py:Net 'new.py:Net(width=64)' --input 224,224,3
      kerasdiff compare old.py:build new.py:build --input ids=16:int32@0..100
      kerasdiff compare a.py:Net b.py:Net --no-fit --format json=report.json
      kerasdiff compare a.py:Net b.py:Net --html report.html --open
      kerasdiff compare --against main models.py:build
    """  # noqa: D301
    texts, revision = pair_of(reference, candidate, against)
    (first, second), specs = understood(texts, inputs, data, revision)
    start_ahead(targets=(first, second), draws=not no_fit and data is None)
    import kerasdiff.pipeline as engine
    from kerasdiff.options import Options

    options = Options(
        inputs=specs,
        fit=not no_fit,
        fit_steps=fit_steps,
        data=data,
        seed=seed,
        timeout=timeout,
        search=search,
        require=require,
        ignore=ignore,
        require_checkpoint=require_checkpoint,
        device=device,
        picture=to.pictured,
    )
    with progress() as listener:
        comparison = engine.compare(first, second, options, listener)
    report_comparison(comparison, to, verbose=verbose)
    if save_witness is not None:
        from kerasdiff.side.revisions.targets import pinned

        _save(comparison, Path(save_witness).expanduser(), (pinned(first), pinned(second)), options, inputs)
    return comparison.exit_code


def _save(
    comparison: Comparison, path: Path, targets: tuple[str, str], options: Options, inputs: tuple[str, ...]
) -> None:
    from kerasdiff.probing.witness import SavedWitness, save
    from kerasdiff.report import wording

    witness = comparison.witness
    if witness is None:
        click.echo(
            f"no witness: no input was found on which the outputs differ; {clean(str(path))} not written", err=True
        )
        return
    saved = SavedWitness(
        inputs=witness.inputs,
        mode=witness.mode,
        weight_scale=witness.weight_scale,
        difference=witness.difference,
        how=wording.sentence(witness.how),
        reference=targets[0],
        candidate=targets[1],
        given=inputs,
        seed=options.seed,
    )
    try:
        save(path, saved)
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from None
    where = "" if options.device == "auto" else f" --device {options.device}"
    click.echo(clean(f"witness ({saved.how}) in {path}; see it again: kerasdiff replay{where} {path}"), err=True)
