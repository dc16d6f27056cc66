"""How does a command end? With an exit code, and for whatever went wrong one sentence on standard error.

Standard streams are among what goes wrong: one that is closed, or full, or whose reader has left. A report that nobody
got is an error, whatever it says; a reader who has read enough is none.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

import click

from kerasdiff.cli.options.common import clean
from kerasdiff.errors import (
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    InternalError,
    KerasdiffError,
    OutputError,
)
from kerasdiff.side.environment import DEBUG, debugging

if TYPE_CHECKING:
    from typing_extensions import Buffer


def ended(run: Callable[[], object]) -> int:
    """The exit code of ``run``, whatever it raises; click's own exit 1 would mean "different"."""

    def flushed() -> object:
        code = run()
        with contextlib.suppress(BrokenPipeError):  # it has read enough: the verdict still decides the exit code
            sys.stdout.flush()
        return code

    with _standard_streams():
        return _guarded(flushed)


def _guarded(run: Callable[[], object]) -> int:
    try:
        code = run()
    except click.ClickException as error:
        _show_usage(error)
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        return EXIT_INTERRUPTED
    except KerasdiffError as error:
        _show(error)
        return EXIT_INTERNAL if isinstance(error, InternalError) else EXIT_USAGE
    except SystemExit:  # click's answer to a reader of a help text who leaves
        return 0
    except Exception:  # the one place that may catch everything: it says that this is a bug
        _bug()
        return EXIT_INTERNAL
    return code if isinstance(code, int) else 0


def _show(error: KerasdiffError) -> None:
    _say(f"error: {clean(error.message)}")
    for line in error.details.splitlines():
        _say(f"  {clean(line.expandtabs())}".rstrip())
    _trace()


def _show_usage(error: click.ClickException) -> None:
    """Says what click says of a command line, in the words of every other error."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.show()
    text = _near(error).format_message().strip().removeprefix("Invalid value: ")
    context = error.ctx if isinstance(error, click.UsageError) else None
    _say(f"error: {clean(text[:1].lower() + text[1:])}")
    if context is not None:
        _say(f"  Try '{context.command_path} --help' for help.")
    return _trace()


def _near(error: click.ClickException) -> click.ClickException:
    """The same error; of options that may have been meant only those near by their letters, and not by their dashes."""
    if not isinstance(error, click.NoSuchOption) or not error.possibilities:
        return error
    from difflib import get_close_matches

    names = {option.lstrip("-"): option for option in error.possibilities}
    near = get_close_matches(error.option_name.lstrip("-"), names)
    return click.NoSuchOption(error.option_name, possibilities=[names[name] for name in near], ctx=error.ctx)


def _trace() -> None:
    """Shows where an error came from, where that is asked for."""
    if debugging():
        import traceback

        for line in traceback.format_exc().splitlines():
            _say(f"  {clean(line)}")


def _bug() -> None:
    import traceback

    _say(traceback.format_exc().rstrip())
    _say("error: this is a bug in kerasdiff; please report it with the lines above.")


def _say(text: str) -> None:
    """Says something on standard error, where there is one that takes it."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(text, err=True)


class _Output(io.FileIO):
    """Standard output whose failures are told from those of every other file."""

    def __init__(self, closed: bool) -> None:
        super().__init__(1, "wb", closefd=False)
        self._closed_before, self.wanted = closed, True

    def write(self, data: Buffer, /) -> int:
        """Writes, once for all: what cannot be written is not tried again at the end of the process.

        Raises:
            OutputError: If it cannot be written, but not where the reader has left.
        """
        if not self.wanted:
            return memoryview(data).nbytes
        why = "it is closed"
        try:
            if not self._closed_before:
                return super().write(data) or 0
        except OSError as error:
            self.wanted = False
            if isinstance(error, BrokenPipeError):
                raise
            why = error.strerror or str(error)
        self.wanted = False
        raise OutputError(f"standard output cannot be written to: {why}; mend that, or name a file with --output.")


@contextlib.contextmanager
def _standard_streams() -> Iterator[None]:
    """Puts something in the place of streams that are closed, so that no other file is taken for one of them."""
    own, errors, debug = sys.stdout, sys.stderr, os.environ.get(DEBUG)
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    sys.stdout = _checked(own)
    sys.stderr = errors or open(os.devnull, "w")  # noqa: SIM115  # as long as the process
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError, OutputError):
            sys.stdout.flush()
        _let_go(sys.stderr)
        sys.stdout, sys.stderr = own, errors
        os.environ.pop(DEBUG, None)
        if debug is not None:
            os.environ[DEBUG] = debug


def _checked(own: TextIO | None) -> TextIO:
    """The same standard output, or one for none; a test's that is no file stays as it is."""
    try:
        if own is not None and own.fileno() != 1:
            return own
    except (OSError, ValueError):
        return own  # type: ignore[return-value]  # it is not None
    stream = io.BufferedWriter(_Output(own is None))
    encoding, faults = (own.encoding, own.errors) if own is not None else ("utf-8", None)
    return io.TextIOWrapper(stream, encoding=encoding, errors=faults, line_buffering=stream.isatty())


def _let_go(stream: TextIO) -> None:
    """Lets what cannot be written go nowhere, else Python ends with a complaint of its own."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)
            stream.flush()


def _asked(context: click.Context, option: click.Parameter, value: bool) -> None:
    if value:
        os.environ[DEBUG] = "1"


def with_debug(command: click.Command) -> click.Command:
    """The same command with ``--debug``, and so each of its own."""
    command.params.append(
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_asked,
            help=f"With an error, show where in the code it arose; {DEBUG}=1 does so too.",
        )
    )
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        with_debug(inner)
    return command
