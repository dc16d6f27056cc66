"""How is kerasdiff asked from a shell? Arguments → one call → a report → an exit code.

Imports the pipeline and report; imported by `kerasdiff.__main__` alone. One module a command. Nothing heavy is imported
before a command runs, so that ``--help`` answers at once; nothing but this package prints or exits.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from kerasdiff import __version__
from kerasdiff.cli.commands.check import check
from kerasdiff.cli.commands.compare import compare
from kerasdiff.cli.commands.convert import convert
from kerasdiff.cli.commands.data import data
from kerasdiff.cli.commands.doctor import doctor
from kerasdiff.cli.commands.environments import environments
from kerasdiff.cli.commands.fit import fit
from kerasdiff.cli.commands.init import init
from kerasdiff.cli.commands.inspect import inspect
from kerasdiff.cli.commands.listing import list_models
from kerasdiff.cli.commands.lock import lock
from kerasdiff.cli.commands.replay import replay
from kerasdiff.cli.commands.rules import rules
from kerasdiff.cli.commands.show import show
from kerasdiff.cli.commands.upgrade import upgrade
from kerasdiff.cli.completion import completion, prepare
from kerasdiff.cli.ending import ended, with_debug
from kerasdiff.cli.implied import implied_command
from kerasdiff.cli.options.common import EXIT_CODES_HELP


class Program(click.Group):
    """The command group; turns every way a command can end into the documented exit code."""

    def main(  # type: ignore[override]  # click answers with Any
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: object,
    ) -> object:
        """Runs a command; standalone it ends the process, else it returns the exit code or raises."""
        prepare()

        def run() -> object:
            return super(Program, self).main(args, prog_name, complete_var, standalone_mode=False, **extra)

        if not standalone_mode:
            return run()
        sys.exit(ended(run))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the command line; where it names models and no command, with the one that is meant."""
        command = implied_command(args, self.commands)
        return super().parse_args(ctx, args if command is None else [command, *args])


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES_HELP,
)
@click.version_option(__version__, "-V", "--version", prog_name="kerasdiff", message="%(prog)s %(version)s")
def main() -> None:
    """Checks whether two Keras models behave the same, and says where and why they do not.

    \b
    Examples:
      kerasdiff compare a.py:ConvModel_1 b.py:ConvModel_2
      kerasdiff fit a.py:ConvModel_1 b.py:ConvModel_2
      kerasdiff inspect a.py:ConvModel_1

    Without a command two models are compared, and one is inspected. `kerasdiff COMMAND --help` says more.
    Model files are code: they run with your rights.
    """  # noqa: D301


COMMANDS = (
    *(check, compare, completion, convert, data, doctor, environments, fit),
    *(init, inspect, list_models, lock, replay, rules, show, upgrade),
)
for command in COMMANDS:
    main.add_command(with_debug(command))
