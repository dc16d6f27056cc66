"""How are two models compared? The options of every command that compares a pair, and what it does with them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import click

from kerasdiff.cli.completion import listed_names
from kerasdiff.cli.options.common import (
    Number,
    clean,
    data_option,
    device_option,
    file_to_write,
    model_options,
    progress,
    start_ahead,
)
from kerasdiff.cli.reports.output import Output, report_options
from kerasdiff.cli.reports.reporting import report_comparison

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from kerasdiff.comparison import Comparison
    from kerasdiff.options import Ignored, Options, Required
    from kerasdiff.side.targets import InputSpec, Target

Command = TypeVar("Command", bound=Callable[..., int])
"""The function of a command, which returns its exit code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line says of a comparison, beside the two models; each is an option."""

    no_fit: bool
    fit_steps: int
    data: str | None
    seed: int
    search: float
    save_witness: str | None
    require: Required
    ignore: tuple[Ignored, ...]
    require_checkpoint: bool
    device: str
    verbose: bool
    inputs: tuple[str, ...]
    timeout: float
    to: Output


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


_OPTIONS = (
    click.option("--no-fit", is_flag=True, help="Do not train; judge from the graphs and the probes."),
    click.option(
        "--fit-steps",
        type=click.IntRange(min=1),
        default=30,
        show_default=True,
        metavar="N",
        help="Optimizer steps of each trial.",
    ),
    data_option("Train on"),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        callback=_seed,
        default=0,
        show_default=True,
        metavar="N",
        help="Seed of the weights, the probes and the trials.",
    ),
    click.option(
        "--search",
        type=Number(min=0),
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="How long to look for an input that tells two models apart where no probe does; counted by the size of "
        "the models, not by the clock.",
    ),
    click.option(
        "--save-witness",
        type=click.Path(dir_okay=False),
        callback=file_to_write(".npz"),
        metavar="FILE.npz",
        help="Save the input on which the models differ most; `kerasdiff replay FILE.npz` runs it again.",
    ),
    click.option(
        "--require",
        type=click.Choice(["proof", "numeric", "statistical"]),
        default="statistical",
        show_default=True,
        help="The weakest evidence that passes as equivalent; with less the outcome is inconclusive.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        callback=_ignored,
        shell_complete=_ignorable,
        metavar="NAME[,NAME...]",
        help="Leave out initializer, regularizer, constraint, trainable or dtype of weights, compile settings "
        "(compile), or names. May be repeated.",
    ),
    click.option(
        "--require-checkpoint",
        is_flag=True,
        help="Differ where the candidate cannot load the reference's saved weights.",
    ),
    device_option("Where to compute; by auto the processor compares numbers, and a GPU trains where there is one."),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        help="The long report: of an equal pair more than three lines, tables and lists as a whole. JSON holds it "
        "anyway.",
    ),
    model_options,
    report_options(pages="file"),
)


def comparison_options(command: Command) -> Command:
    """Options of every command that compares one pair; it gets them as ``asked``."""

    @functools.wraps(command)
    def collected(**given: object) -> int:
        own = {name: given.pop(name) for name in Asked.__dataclass_fields__}
        return command(asked=Asked(**own), **given)  # type: ignore[arg-type]  # each is what its option makes

    for option in reversed(_OPTIONS):
        collected = option(collected)
    return cast("Command", collected)


def compared(
    pair: tuple[Target, Target],
    specs: tuple[InputSpec, ...],
    asked: Asked,
    packages: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
) -> int:
    """Compares two models and reports it.

    Args:
        pair: Both.
        specs: What ``--input`` said.
        asked: The other options.
        packages: Versions by name, of the reference and of the candidate, which the report is to tell as well.

    Returns:
        The exit code.
    """
    start_ahead(targets=pair, draws=not asked.no_fit and asked.data is None)
    import kerasdiff.pipeline as engine
    from kerasdiff.options import Options

    options = Options(
        inputs=specs,
        fit=not asked.no_fit,
        fit_steps=asked.fit_steps,
        data=asked.data,
        seed=asked.seed,
        timeout=asked.timeout,
        search=asked.search,
        require=asked.require,
        ignore=asked.ignore,
        require_checkpoint=asked.require_checkpoint,
        device=asked.device,
        picture=asked.to.pictured,
    )
    with progress() as listener:
        comparison = engine.compare(*pair, options, listener)
    if any(packages):
        from kerasdiff.stating import with_packages

        comparison = with_packages(comparison, *packages)
    report_comparison(comparison, asked.to, verbose=asked.verbose)
    if asked.save_witness is not None:
        _save(comparison, Path(asked.save_witness).expanduser(), pair, options, asked.inputs)
    return comparison.exit_code


def _save(
    comparison: Comparison, path: Path, pair: tuple[Target, Target], options: Options, inputs: tuple[str, ...]
) -> None:
    from kerasdiff.probing.witness import SavedWitness, save
    from kerasdiff.report import wording
    from kerasdiff.side.interpreters.settings import Setting
    from kerasdiff.side.revisions.targets import pinned

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
        reference=pinned(pair[0]),
        candidate=pinned(pair[1]),
        given=inputs,
        seed=options.seed,
        settings=(Setting.of(pair[0]), Setting.of(pair[1])),
    )
    try:
        save(path, saved)
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from None
    where = "" if options.device == "auto" else f" --device {options.device}"
    click.echo(clean(f"witness ({saved.how}) in {path}; see it again: kerasdiff replay{where} {path}"), err=True)
