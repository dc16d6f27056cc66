"""``kerasdiff upgrade``."""

from __future__ import annotations

from dataclasses import replace

import click

from kerasdiff.cli.comparing import Asked, compared, comparison_options
from kerasdiff.cli.completion import targets
from kerasdiff.cli.options.common import EXIT_CODES_HELP, TARGETS_HELP, clean, progress, understood
from kerasdiff.cli.options.settings import EITHER, not_empty, setting_options


@click.command(
    short_help="Compares a model with itself under other versions of its packages.",
    epilog=TARGETS_HELP + EXIT_CODES_HELP,
)
@click.argument("target", shell_complete=targets)
@click.option(
    "--to",
    "requirements",
    multiple=True,
    metavar="REQUIREMENT",
    help="What to install, as pip takes it: 'tensorflow==2.21', 'numpy<2', a wheel, a directory. May be repeated.",
)
@click.option(
    "-r",
    "--requirement",
    "files",
    multiple=True,
    metavar="FILE",
    help="Install what this file of requirements says. May be repeated.",
)
@setting_options("--reference-python,--python", *EITHER, both=True)
@click.option(
    "--with-python",
    callback=not_empty,
    metavar="PATH",
    help="Make the new environment with this interpreter; else with that of the reference.",
)
@click.option("--fresh", is_flag=True, help="Make the environment anew, also where one is kept from before.")
@comparison_options
def upgrade(
    target: str, requirements: tuple[str, ...], files: tuple[str, ...], with_python: str, fresh: bool, asked: Asked
) -> int:
    """Compares the model TARGET with itself as it is after an upgrade of what it runs with.

    The reference runs in this environment, or in that of --reference-python; the candidate in one that is made for it:
    the same with the requirements installed, as `pip install` would. Nothing of this environment is changed. It is made
    by uv where that is there, else by pip, with your settings of them, and kept below ~/.cache/kerasdiff. --env and
    --backend hold for both.

    \b
    Examples:
      kerasdiff upgrade model.py:build --to 'tensorflow==2.21'
      kerasdiff upgrade model.py:build --to keras==3.15 --to 'numpy<2' --no-fit
      kerasdiff upgrade model.py:build -r requirements-new.txt --html report.html
      kerasdiff upgrade net.py:Net --to tensorflow==2.15 --with-python python3.11
    """  # noqa: D301
    if not requirements and not files:
        raise click.UsageError("say what to upgrade to: --to 'tensorflow==2.21', or -r FILE.")
    from kerasdiff.options import environment_store
    from kerasdiff.report.wording import upgraded as wording
    from kerasdiff.side.upgrading.candidate import upgraded
    from kerasdiff.side.upgrading.wanted import wanted

    asks = wanted(requirements, files)
    (model, new), specs = understood((target, target), asked.inputs, asked.data)
    with progress() as listener:
        candidate = upgraded(
            replace(new, python=model.python),
            asks,
            environment_store(),
            with_python=with_python,
            fresh=fresh,
            told=listener.phase,
            making=lambda plan: click.echo(clean(wording.making(plan)), err=True),
        )
    click.echo(clean(wording.made(candidate.plan, candidate.made)), err=True)
    click.echo(clean(wording.again(candidate.made)), err=True)
    return compared((model, candidate.target), specs, asked, candidate.packages)
