"""Which cluster runs it? ``--ray`` and the options beside it, for every command that can leave this machine."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, TypeVar, cast

import click

from kerasdiff.cli.options.common import Number, clean

if TYPE_CHECKING:
    from kerasdiff.options import ClusterOptions
    from kerasdiff.side.targets import Target

Command = TypeVar("Command", bound=Callable[..., int])
"""The function of a command, which returns its exit code."""


def _address(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is None or value in ("", "auto", "local"):
        return value
    if not re.fullmatch(r"(ray://)?(\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d{1,5}", value):
        text = "write HOST:PORT, ray://HOST:PORT, auto or local, or put --ray last."
        raise click.BadParameter(f"{clean(value)!r} is no address: {text}")
    return value


def cluster_options(what: Literal["trial", "pair"], *, use: str, cpus: str, gpus: str) -> Callable[[Command], Command]:
    """Options of a command that runs on a cluster; it gets them as ``cluster``, ``None`` for this machine.

    Args:
        what: What runs as one task.
        use: What the help says of the cluster.
        cpus: What it says of a task's processor cores.
        gpus: The same of its GPUs.
    """
    options = (
        click.option(
            "--ray",
            is_flag=False,
            flag_value="",
            callback=_address,
            metavar="[ADDRESS]",
            help=f"{use} on a Ray cluster: HOST:PORT, ray://HOST:PORT, auto, or local for one of this machine alone. "
            "Without an address, the one that this machine belongs to, else a local one.",
        ),
        click.option(f"--{what}-cpus", "cpus", type=click.IntRange(min=1), metavar="N", help=f"With --ray: {cpus}"),
        click.option(f"--{what}-gpus", "gpus", type=Number(min=0), metavar="N", help=f"With --ray: {gpus}"),
    )

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def collected(ray: str | None, cpus: int | None, gpus: float | None, **given: object) -> int:
            return command(cluster=_cluster(what, ray, cpus, gpus), **given)

        for option in reversed(options):
            collected = option(collected)
        return cast("Command", collected)

    return decorate


def _cluster(
    what: Literal["trial", "pair"], address: str | None, cpus: int | None, gpus: float | None
) -> ClusterOptions | None:
    from kerasdiff.options import ClusterOptions

    if address is None:
        for name, value in ((f"--{what}-cpus", cpus), (f"--{what}-gpus", gpus)):
            if value is not None:
                raise click.UsageError(f"{name} needs --ray.")
        return None
    default = 2 if what == "pair" else 1  # both models of a pair are at work at once, the trials of one in turn
    return ClusterOptions(what=what, address=address, cpus=cpus or default, gpus=gpus or 0.0)


def refuse_other_pythons(targets: Iterable[Target]) -> None:
    """Refuses what would run elsewhere than an interpreter that is on this machine alone.

    Raises:
        click.UsageError: With the target that names one.
    """
    for target in targets:
        if target.python:
            raise click.UsageError(
                f"{clean(target.text)} is to run under {clean(target.python)}, which a cluster's nodes do not have: "
                "leave out --ray, or that Python."
            )
        if target.backend not in (None, "tensorflow"):
            raise click.UsageError(
                f"{clean(target.text)} is to run on {target.backend}, and a cluster trains on TensorFlow: leave out "
                "--ray."
            )
