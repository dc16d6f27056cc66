"""Which private parts of Keras and TensorFlow does kerasdiff use? Those of this room, and no other module names one.

Imports the taxonomy of ops alone; imported by every package of the worker.

:mod:`.third` has the parts of Keras 3, :mod:`.second` those of Keras 2 that answer the same questions, :mod:`.graphs`
those of TensorFlow. Each function or constant says what it is for and the versions whose source it was checked with.
Most of these parts have no public counterpart; ``tests/worker/test_keras_internals.py`` holds each to what is said
here, so that a version that moves one shows in a test and not in a verdict.
"""

from __future__ import annotations

from kerasdiff.worker.keras_internals.arrays import (
    array,
    backend,
    backend_version,
    dtype_name,
    first_values,
    is_array,
    is_floating,
    is_symbolic,
    is_traced,
    on_tensorflow,
    summed,
    sums,
    to_numpy,
    wide,
)
from kerasdiff.worker.keras_internals.decay import copy_decay_exclusions, without_decay
from kerasdiff.worker.keras_internals.drawing import LEFT, draw, draws_taken, seed_draws, static_shape
from kerasdiff.worker.keras_internals.errors import (
    bare_message,
    is_data_dependent,
    refuses_code,
)
from kerasdiff.worker.keras_internals.generations import (
    Generation,
    Live,
    by_generation,
    generation,
    import_second,
    installed,
    keras,
    second_imported,
    second_package,
    second_public,
    take,
)
from kerasdiff.worker.keras_internals.graphs import (
    COMPILED_FUNCTIONS,
    GRADIENT_ATTRIBUTE,
    LEGACY,
    NAMING_ATTRIBUTES,
    PLUMBING,
    SAVING_GRADIENTS,
    ask_again,
    called_function,
    captured,
    captures,
    eager_context_started,
    exact_casts,
    final_updates,
    frames_of,
    function_options,
    generator_parts,
    graph_variables,
    is_default_strategy,
    is_stateful,
    is_stateful_kind,
    legacy_asked,
    legacy_routed,
    most_turns,
    op_count,
    output_arguments,
    own_state,
    public_name,
    registered_gradient,
    route_to_legacy,
    scope_named,
    table_parts,
    unwrapped,
    variable_outside_graph,
    variable_parts,
    write,
)
from kerasdiff.worker.keras_internals.networks import Value, network
from kerasdiff.worker.keras_internals.third import copies, generators, layers, public, training
from kerasdiff.worker.keras_internals.third.copies import ARCHIVED_WEIGHTS, LAMBDA, TRAINING_STATE, UNNAMED_FUNCTIONS
from kerasdiff.worker.keras_internals.third.layers import is_keras_own, mask_of, set_mask

reread_configuration = by_generation(public.reread_configuration)
sublayers = by_generation(layers.sublayers)
told_mode = by_generation(layers.told_mode)
held_variables = by_generation(layers.held_variables)
declared_trainable = by_generation(layers.declared_trainable)
handle_of = by_generation(layers.handle_of)
default_seeds = by_generation(generators.default_seeds)
generators_stand_at = by_generation(generators.generators_stand_at)
is_seed_state = by_generation(generators.is_seed_state)
global_generator_state = by_generation(generators.global_generator_state)
functional_class = by_generation(layers.functional_class)
built_shapes = by_generation(layers.built_shapes)
learning_rate_of = by_generation(training.learning_rate_of)
set_iterations = by_generation(training.set_iterations)
kept_variables = by_generation(layers.kept_variables)
compile_loss_of = by_generation(training.compile_loss_of)
stored_variables = by_generation(copies.stored_variables)
to_precision = by_generation(copies.to_precision)
identify = by_generation(copies.identify)
short_name = by_generation(layers.short_name)
path_of = by_generation(layers.path_of)
path_in_third = by_generation(copies.path_in_third)
tensor_of = by_generation(layers.tensor_of)
is_automatic_input = by_generation(layers.is_automatic_input)
as_in_float32 = by_generation(copies.as_in_float32)
is_compiled = by_generation(training.is_compiled)
build_optimizer = by_generation(training.build_optimizer)
optimizer_variables = by_generation(training.optimizer_variables)
added_by = by_generation(training.added_by)
drop_penalty = by_generation(training.drop_penalty)
penalizes_frozen = by_generation(training.penalizes_frozen)
rate_now = by_generation(training.rate_now)
finish = by_generation(training.finish)
is_layer = by_generation(layers.is_layer)
called_as = by_generation(layers.called_as)
making = by_generation(layers.making)
calling = by_generation(layers.calling)
apply_gradients = by_generation(training.apply_gradients)
metrics_of = by_generation(training.metrics_of)
scaled_loss = by_generation(training.scaled_loss)
loss_of = by_generation(training.loss_of)
loss_settings = by_generation(training.loss_settings)

__all__ = [
    "ARCHIVED_WEIGHTS",
    "COMPILED_FUNCTIONS",
    "GRADIENT_ATTRIBUTE",
    "LAMBDA",
    "LEFT",
    "LEGACY",
    "NAMING_ATTRIBUTES",
    "PLUMBING",
    "SAVING_GRADIENTS",
    "TRAINING_STATE",
    "UNNAMED_FUNCTIONS",
    "Generation",
    "Live",
    "Value",
    "added_by",
    "apply_gradients",
    "array",
    "as_in_float32",
    "ask_again",
    "backend",
    "backend_version",
    "bare_message",
    "build_optimizer",
    "built_shapes",
    "by_generation",
    "called_as",
    "called_function",
    "calling",
    "captured",
    "captures",
    "compile_loss_of",
    "copy_decay_exclusions",
    "declared_trainable",
    "default_seeds",
    "draw",
    "draws_taken",
    "drop_penalty",
    "dtype_name",
    "eager_context_started",
    "exact_casts",
    "final_updates",
    "finish",
    "first_values",
    "frames_of",
    "function_options",
    "functional_class",
    "generation",
    "generator_parts",
    "generators_stand_at",
    "global_generator_state",
    "graph_variables",
    "handle_of",
    "held_variables",
    "identify",
    "import_second",
    "installed",
    "is_array",
    "is_automatic_input",
    "is_compiled",
    "is_data_dependent",
    "is_default_strategy",
    "is_floating",
    "is_keras_own",
    "is_layer",
    "is_seed_state",
    "is_stateful",
    "is_stateful_kind",
    "is_symbolic",
    "is_traced",
    "kept_variables",
    "keras",
    "learning_rate_of",
    "legacy_asked",
    "legacy_routed",
    "loss_of",
    "loss_settings",
    "making",
    "mask_of",
    "metrics_of",
    "most_turns",
    "network",
    "on_tensorflow",
    "op_count",
    "optimizer_variables",
    "output_arguments",
    "own_state",
    "path_in_third",
    "path_of",
    "penalizes_frozen",
    "public_name",
    "rate_now",
    "refuses_code",
    "registered_gradient",
    "reread_configuration",
    "route_to_legacy",
    "scaled_loss",
    "scope_named",
    "second_imported",
    "second_package",
    "second_public",
    "seed_draws",
    "set_iterations",
    "set_mask",
    "short_name",
    "static_shape",
    "stored_variables",
    "sublayers",
    "summed",
    "sums",
    "table_parts",
    "take",
    "tensor_of",
    "to_numpy",
    "to_precision",
    "told_mode",
    "unwrapped",
    "variable_outside_graph",
    "variable_parts",
    "wide",
    "without_decay",
    "write",
]
