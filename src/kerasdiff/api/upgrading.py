"""How is an upgrade tried from Python? As ``kerasdiff upgrade`` does, by the same names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from kerasdiff.api import watching
from kerasdiff.api.choices import Alike, options_of, plainly, start_ahead
from kerasdiff.api.results import Result
from kerasdiff.api.targets import Files, Python, Variables, setting_of, target_of
from kerasdiff.errors import UpgradeError
from kerasdiff.options import environment_store

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from kerasdiff.side.targets import Backend

Packages: TypeAlias = str | Sequence[str | os.PathLike[str]]
"""What is to be installed: one requirement, or several."""


@plainly
def upgrade(
    model: object,
    to: Packages = (),
    *,
    requirements: Files = (),
    with_python: Python = None,
    fresh: bool = False,
    python: Python = None,
    backend: Backend | None = None,
    env: Variables = None,
    **choices: Unpack[Alike],
) -> Result:
    """Compares a model with itself as it is after an upgrade of what it runs with, as ``kerasdiff upgrade`` does.

    Args:
        model: A target (``"models.py:Net"``, ``"net.keras"``, a path); what is in memory cannot run elsewhere.
        to: What to install, as pip takes it: ``"tensorflow==2.21"``, a wheel, a directory; or several.
        requirements: Files of requirements: a path, or several.
        with_python: What the new environment is made by, where not what runs the model: an interpreter.
        fresh: Whether the environment is made anew, also where one is kept from before.
        python: What runs the model before the upgrade, where not what runs this: as ``reference_python`` of
            :func:`compare`.
        backend: What Keras runs it on, on both sides.
        env: What is set in its environment, on both sides.
        choices: The others of :func:`compare`, but for those of one side.

    Raises:
        KerasdiffError: If nothing is asked for, the environment cannot be made, or the model cannot be found, loaded,
            built or called.
    """
    from kerasdiff.side.upgrading.wanted import FROM_PYTHON, wanted

    texts = [to] if isinstance(to, str) else [os.fspath(one) for one in to]
    files = [requirements] if isinstance(requirements, str | os.PathLike) else requirements
    if not texts and not files:
        raise UpgradeError("nothing is asked for: say what to install, as in to='tensorflow==2.21'.")
    asks = wanted(texts, [os.fspath(file) for file in files], asked=FROM_PYTHON)
    options = options_of(choices)
    first = target_of(
        model,
        options.inputs,
        setting_of(python, backend, env),
        custom_objects=choices.get("custom_objects", ()),
        unsafe=choices.get("unsafe", False),
    )
    from kerasdiff.side.upgrading.candidate import upgraded

    second = upgraded(
        first,
        asks,
        environment_store(),
        with_python="" if with_python is None else os.fspath(with_python),
        fresh=fresh,
    )
    start_ahead(targets=(first, second.target))
    import kerasdiff.pipeline as engine
    from kerasdiff.stating import with_packages

    return watching.noted(Result(with_packages(engine.compare(first, second.target, options), *second.packages)))
