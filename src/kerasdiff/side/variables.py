"""Which variables of the environment does a side find that the other does not?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from kerasdiff.errors import TargetError
from kerasdiff.side.targets import Target

Variables: TypeAlias = Mapping[str, str]


def parsed(texts: Iterable[str], option: str) -> Variables:
    """What ``NAME=VALUE`` says, said once or more.

    >>> parsed(["TF_USE_LEGACY_KERAS=1"], "--reference-env")
    {'TF_USE_LEGACY_KERAS': '1'}

    Raises:
        TargetError: If a text is none.
    """
    variables = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise TargetError(f"{option}: {text} is no NAME=VALUE; write {text or 'NAME'}=1, for example.")
        variables[name] = value
    return variables


def finding(target: Target, variables: Variables, option: str) -> Target:
    """The target, to be loaded and run where these variables are set.

    Args:
        target: It.
        variables: Values by name.
        option: What set them, for messages: ``--reference-env``.

    Raises:
        TargetError: If one cannot be set, or not for this target.
    """
    if not variables:
        return target
    for name, value in variables.items():
        if not name or "=" in name or "\0" in name + value:
            raise TargetError(f"{option}: {name or 'an empty name'!r} cannot be set; write NAME=VALUE.")
    if target.kind == "live":
        raise TargetError(
            f"{option}: {target.text} is in the memory of this process, and was made under its environment; "
            "name the model by its file."
        )
    if target.kind == "baseline":
        raise TargetError(f"{option}: {target.text} is stored, and nothing of it is loaded anew; leave the option out.")
    return replace(target, variables=tuple(sorted(variables.items())))
