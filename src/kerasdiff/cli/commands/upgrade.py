"""``kerasdiff upgrade``."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.completion import targets
from kerasdiff.cli.options.common import EXIT_CODES_HELP, TARGETS_HELP, clean, progress, understood
from kerasdiff.cli.options.comparing import Asked, compared, comparison_options
from kerasdiff.cli.options.settings import EITHER, setting_options

if TYPE_CHECKING:
    from kerasdiff.side.upgrading.environments import Made, Plan

TOLD = frozenset(("tensorflow", "tensorflow-cpu", "keras", "numpy"))
"""Packages whose versions every report tells."""


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
    default="",
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
    from kerasdiff.side.upgrading.wanted import wanted

    asks = wanted(requirements, files)
    (model, new), specs = understood((target, target), asked.inputs, asked.data)
    if model.kind == "baseline":
        from kerasdiff.errors import TargetError

        raise TargetError(
            f"{target} is a baseline, which has no code to run elsewhere; name the model, and compare the baseline "
            "with it by `kerasdiff compare`."
        )
    from kerasdiff.side.upgrading.environments import planned
    from kerasdiff.side.upgrading.packages import imports_of

    plan = planned(asks, imports_of(model), _store(), model.python or sys.executable, with_python)
    there = _made(plan, fresh=fresh)
    return compared((model, replace(new, python=there.python)), specs, asked, _asked_for(plan, there))


def _store() -> str:
    from kerasdiff.options import environment_store

    return environment_store()


def _made(plan: Plan, *, fresh: bool) -> Made:
    """The environment of a plan, which is made where it is not there."""
    from kerasdiff.report.wording import upgraded as wording
    from kerasdiff.side.upgrading.environments import found, make

    there = None if fresh else found(plan)
    if there is None:
        click.echo(clean(wording.making(plan)), err=True)
        with progress() as listener:
            there = make(plan, listener.phase, fresh=fresh)
    click.echo(clean(wording.made(plan, there)), err=True)
    click.echo(clean(wording.again(there)), err=True)
    return there


def _asked_for(plan: Plan, there: Made) -> tuple[dict[str, str], dict[str, str]]:
    """Versions on both sides of what was asked for by name, but for what every report tells."""
    changed = {name: there.changed[name] for name in sorted(plan.wanted.names - TOLD) if name in there.changed}
    before = {name: old for name, (old, _) in changed.items() if old}
    return before, {name: new for name, (_, new) in changed.items()}
