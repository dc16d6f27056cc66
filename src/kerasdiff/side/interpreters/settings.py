"""In what does a side run? An interpreter, a backend and variables, as options, gates and the API say alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kerasdiff.side.interpreters.backends import on
from kerasdiff.side.interpreters.choosing import under
from kerasdiff.side.interpreters.kept import mark_used
from kerasdiff.side.targets import Target
from kerasdiff.side.variables import finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """In what a model runs, where not in what runs this; as it is written.

    Attributes:
        python: An interpreter, or the directory of a virtual environment; empty for the one that runs this.
        backend: What Keras computes with; empty for that of the environment or of the model's file.
        variables: Names and values that are set in its environment.
    """

    python: str = ""
    backend: str = ""
    variables: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(target: Target) -> Setting:
        """In what a target was made to run."""
        return Setting(python=target.python, backend=target.backend or "", variables=target.variables)

    def over(self, other: Setting) -> Setting:
        """This one, and of another what this one leaves open."""
        variables: Mapping[str, str] = dict((*other.variables, *self.variables))
        return Setting(
            python=self.python or other.python,
            backend=self.backend or other.backend,
            variables=tuple(variables.items()),
        )


OPEN = Setting()
"""Nothing said."""


def placed(target: Target, setting: Setting, called: Callable[[str], str], here: str = "") -> Target:
    """The target, to be run as a setting says.

    Args:
        target: It.
        setting: In what it runs.
        called: What said so, for messages, by ``python``, ``env`` or ``backend``: ``--reference-python``.
        here: Directory that relative paths are found from; empty for the current one.

    Raises:
        KerasdiffError: If there is no such interpreter or backend, or kerasdiff runs no model there; if a variable
            cannot be set.
    """
    target = finding(target, dict(setting.variables), called("env"))
    target = under(target, setting.python, called("python"), here)
    if target.python:
        mark_used(target.python)
    return on(target, setting.backend, called("backend"))
