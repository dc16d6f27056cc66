"""What do weights start from? A row is an initializer, given to every kind of kernel, or how layers share one."""

from __future__ import annotations

_SPREAD = (
    *("GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform"),
    *("RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Orthogonal"),
)
_SET = {
    "normal_set": "K.initializers.RandomNormal(0.1, 0.2)",
    "uniform_set": "K.initializers.RandomUniform(-0.2, 0.4)",
    "truncated_set": "K.initializers.TruncatedNormal(0.1, 0.5)",
    "scaling_out": "K.initializers.VarianceScaling(2.0, 'fan_out', 'uniform')",
    "scaling_avg": "K.initializers.VarianceScaling(0.5, 'fan_avg', 'untruncated_normal')",
    "scaling_in": "K.initializers.VarianceScaling(3.0, 'fan_in', 'truncated_normal')",
    "orthogonal_set": "K.initializers.Orthogonal(2.0)",
    "constant": "K.initializers.Constant()",
    "constant_set": "K.initializers.Constant(0.3)",
    "zeros": "'zeros'",
    "ones": "K.initializers.Ones()",
}
_STRINGS = ("glorot_uniform", "he_normal", "uniform", "normal", "random_normal", "truncated_normal", "orthogonal")

EVERY: dict[str, str] = {
    "unset": "None",
    **{name.lower(): f"K.initializers.{name}()" for name in _SPREAD},
    **{f"{name.lower()}_seeded": f"K.initializers.{name}(seed=1)" for name in _SPREAD},
    **{f"string_{name}": repr(name) for name in _STRINGS},
    **_SET,
}
"""Each made anew for every kernel of convolutions, a table, a recurrent layer and ``Dense``."""

FLAT: dict[str, str] = {
    "identity": "K.initializers.Identity()",
    "identity_set": "K.initializers.Identity(0.5)",
}
"""For matrices alone."""

SHARED: dict[str, str] = {
    "two_default": "'glorot_uniform', 'glorot_uniform'",
    "two_unseeded": "K.initializers.HeNormal(), K.initializers.HeNormal()",
    "two_seeds": "K.initializers.HeNormal(seed=1), K.initializers.HeNormal(seed=2)",
    "two_of_a_seed": "K.initializers.HeNormal(seed=1), K.initializers.HeNormal(seed=1)",
    "two_of_a_seed_scaled": "K.initializers.HeNormal(seed=1), K.initializers.LecunNormal(seed=1)",
    "one_seeded": "*[K.initializers.HeNormal(seed=1)] * 2",
    "one_unseeded": "*[K.initializers.HeNormal()] * 2",
    "one_orthogonal": "*[K.initializers.Orthogonal()] * 2",
    "one_uniform": "*[K.initializers.RandomUniform(seed=3)] * 2",
}
"""The initializers of two ``Dense`` layers of one shape."""
