"""How is kerasdiff asked from a shell? Arguments → one call → a report → an exit code.

Imports the pipeline and report; imported by `kerasdiff.__main__` alone. One module a command. Nothing heavy is imported
before a command runs, so that ``--help`` answers at once; nothing but this package prints or exits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click

from kerasdiff import __version__
from kerasdiff.cli.check import check
from kerasdiff.cli.common import EXIT_CODES_HELP, clean
from kerasdiff.cli.compare import compare
from kerasdiff.cli.completion import completion, prepare
from kerasdiff.cli.data import data
from kerasdiff.cli.fit import fit
from kerasdiff.cli.implied import implied_command
from kerasdiff.cli.inspect import inspect
from kerasdiff.cli.listing import list_models
from kerasdiff.cli.lock import lock
from kerasdiff.cli.replay import replay
from kerasdiff.cli.rules import rules
from kerasdiff.cli.show import show
from kerasdiff.errors import InternalError, KerasdiffError

EXIT_USAGE = 2
EXIT_INTERNAL = 70  # EX_SOFTWARE of sysexits.h
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


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
        sys.exit(_guarded(run))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the command line; where it names models and no command, with the one that is meant."""
        command = implied_command(args, self.commands)
        return super().parse_args(ctx, args if command is None else [command, *args])


def _guarded(run: Callable[[], object]) -> int:
    """The exit code of ``run``, whatever it raises; click's own exit 1 would mean "different"."""
    try:
        code = run()
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except KerasdiffError as error:
        _show_error(error)
        return EXIT_INTERNAL if isinstance(error, InternalError) else EXIT_USAGE
    except Exception:  # the one place that may catch everything: it says that this is a bug
        import traceback

        click.echo(traceback.format_exc(), err=True, nl=False)
        click.echo("error: this is a bug in kerasdiff; please report it with the lines above.", err=True)
        return EXIT_INTERNAL
    return code if isinstance(code, int) else 0


def _show_error(error: KerasdiffError) -> None:
    click.echo(f"error: {clean(error.message)}", err=True)
    for line in error.details.splitlines():
        click.echo(f"  {clean(line.expandtabs())}".rstrip(), err=True)


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

    `kerasdiff COMMAND --help` says more. Model files are code: they run with your rights.
    """  # noqa: D301


for command in (check, compare, completion, data, fit, inspect, list_models, lock, replay, rules, show):
    main.add_command(command)
