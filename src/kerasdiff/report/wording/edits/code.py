"""How does a user write what Keras is given? ``keras.regularizers.L2(0.0001)``, where its text leaves no doubt."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

MODULES: Mapping[str, frozenset[str]] = {
    "initializer": frozenset(
        {
            "constant",
            "glorot_normal",
            "glorot_uniform",
            "he_normal",
            "he_uniform",
            "lecun_normal",
            "lecun_uniform",
            "ones",
            "orthogonal",
            "random_normal",
            "random_uniform",
            "truncated_normal",
            "variance_scaling",
            "zeros",
        }
    ),
    "regularizer": frozenset({"l1", "l2", "l1_l2", "orthogonal_regularizer"}),
    "constraint": frozenset({"max_norm", "min_max_norm", "non_neg", "unit_norm"}),
}
"""Keras's own classes by what they are, as the texts of weights name them."""

_CALL = re.compile(r"(\w+)(?:\((.*)\))?")
_ARGUMENT = re.compile(r'(\w+)=("[^"\\]*"|true|false|-?[\d.]+(?:e[-+]?\d+)?)(?:, |$)')


def written(kind: str, text: str) -> str | None:
    """Code that makes an initializer, a regularizer or a constraint; ``None`` where its text does not tell it all.

    >>> written("regularizer", "l2(l2=0.0001)")
    'keras.regularizers.L2(0.0001)'
    >>> written("initializer", 'variance_scaling(mode="fan_in", scale=2)')
    "keras.initializers.VarianceScaling(mode='fan_in', scale=2)"
    >>> written("initializer", "my_own(code 79dd5d0c)")
    """
    call = _CALL.fullmatch(text)
    if call is None or call[1] not in MODULES.get(kind, ()):
        return None
    name, inner = call[1], call[2] or ""
    arguments = {match[1]: repr(json.loads(match[2])) for match in _ARGUMENT.finditer(inner)}
    if _ARGUMENT.sub("", inner):
        return None
    plain = len(arguments) == 1 and name in arguments
    given = arguments[name] if plain else ", ".join(f"{key}={value}" for key, value in arguments.items())
    return f"keras.{kind}s.{''.join(part.capitalize() for part in name.split('_'))}({given})"
