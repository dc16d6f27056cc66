"""Each private part of Keras and TensorFlow does what its docstring says, in the versions that are installed."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras: Any = pytest.importorskip("keras")
tf: Any = pytest.importorskip("tensorflow")

from kerasdiff.worker import keras_internals as internals  # noqa: E402
from kerasdiff.worker import launch  # noqa: E402


class Holder(keras.layers.Layer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.listed = [keras.layers.Dense(2), keras.Sequential([keras.layers.Dense(3)])]
        self.drop = keras.layers.Dropout(0.5)
        self.scale = self.add_weight(name="scale", shape=(2,))
        self.count = self.add_weight(name="count", shape=(), trainable=False)


def graph_of(function: Any, *shapes: tuple[int, ...]) -> Any:
    specs = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    return tf.function(function, autograph=False).get_concrete_function(*specs).graph


def test_a_context_that_runs_is_no_longer_forked() -> None:
    assert float(tf.constant(1.0)) == 1.0  # starts it, if nothing did

    assert internals.eager_context_started()
    assert not launch.is_safe(threads=1 << 20)


def test_the_configuration_is_read_again(keras_home: Path) -> None:
    keras_home.mkdir()
    for name in ("float64", "float32"):
        (keras_home / "keras.json").write_text(f'{{"floatx": "{name}"}}')
        internals.reread_configuration()
        assert keras.config.floatx() == keras.backend.floatx() == name
    assert sys.modules["keras.src.backend.config"].keras_home() == str(keras_home)


def test_sublayers_in_lists_are_seen() -> None:
    layer = Holder()

    direct, deep = internals.sublayers(layer), internals.sublayers(layer, deep=True)

    assert {type(one).__name__ for one in direct} == {"Dense", "Sequential", "Dropout"}
    assert layer not in deep
    assert len([one for one in deep if isinstance(one, keras.layers.Dense)]) == 2


def test_held_variables_are_those_of_the_layer_alone() -> None:
    layer = Holder()
    layer.listed[0].build((None, 2))

    assert {variable.name for variable in internals.held_variables(layer)} == {"scale", "count"}
    layer.trainable = False
    assert [variable.name for variable in internals.declared_trainable(layer)] == ["scale"]
    (state,) = internals.held_variables(layer.drop)
    assert internals.is_seed_state(state)
    assert not internals.is_seed_state(layer.scale)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras saves with an older numpy in mind
def test_kept_variables_are_found_in_a_model_that_loaded_its_weights(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input(batch_shape=(2, 4, 2)), keras.layers.LSTM(3, stateful=True)])
    model.compile()
    model.save_weights(tmp_path / "one.weights.h5")
    model.load_weights(tmp_path / "one.weights.h5")  # after which an attribute is a dictionary by layer

    assert internals.kept_variables(model) == []
    states = {id(one): tuple(one.shape) for one in internals.kept_variables(model.layers[-1])}
    assert list(states.values()) == [(2, 3), (2, 3)]


def test_functional_models_are_recognised() -> None:
    entry = keras.Input((2,))

    assert isinstance(keras.Model(entry, keras.layers.Dense(1)(entry)), internals.functional_class())
    assert not isinstance(keras.Sequential(), internals.functional_class())


def test_a_sequential_that_knows_its_inputs_is_a_functional_model() -> None:
    chain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    plain = keras.Model(chain.inputs, chain.outputs)

    names = [[use.layer.name for use in internals.network(model).uses] for model in (chain, plain)]
    assert names[0] == names[1]
    assert internals.is_automatic_input(plain, keras.Input((2,)).name)
    assert not internals.is_automatic_input(plain, keras.Input((2,), name="words").name)
    assert internals.is_keras_own(keras.layers.Dense)
    assert internals.is_keras_own(keras.activations.relu)
    assert not internals.is_keras_own(Holder)


def test_names_that_keras_makes_up() -> None:
    lstm = keras.layers.LSTM(2)
    lstm.build((None, 3, 2))
    layer = keras.layers.Lambda(lambda x: x)

    assert set(internals.UNNAMED_FUNCTIONS.values()) <= set(lstm.get_config())
    assert layer.get_config()["function"]["class_name"] == internals.LAMBDA


def test_built_shapes_come_by_parameter_where_there_are_several() -> None:
    class Two(keras.Model):  # type: ignore[misc]
        def call(self, left: Any, right: Any) -> Any:
            return left + right

    model, one = Two(), keras.layers.Dense(2)
    model(tf.zeros((1, 2)), tf.zeros((1, 2)))
    one.build((None, 3))

    assert internals.built_shapes(one) == ((None, 3), False)
    shapes, keyed = internals.built_shapes(model)
    assert not keyed or set(shapes) == {"left_shape", "right_shape"}


def test_masks_travel_on_tensors() -> None:
    words = keras.layers.Embedding(5, 2, mask_zero=True)(tf.constant([[1, 0]]))
    mask = internals.mask_of(words)
    other = tf.zeros((1, 2, 2))

    assert mask.numpy().tolist() == [[True, False]]
    assert internals.mask_of(other) is None
    internals.set_mask(other, mask)
    assert internals.mask_of(other) is mask


def test_optimizers_say_what_their_config_leaves_out() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    optimizer, copy = keras.optimizers.AdamW(schedule), keras.optimizers.AdamW(0.1)
    kernel, bias = keras.Variable([1.0], name="kernel"), keras.Variable([1.0], name="bias")

    assert internals.learning_rate_of(optimizer) is schedule
    assert internals.without_decay(optimizer, [kernel, bias]) is None
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    assert internals.without_decay(optimizer, [kernel, bias]) == [bias]
    internals.copy_decay_exclusions(optimizer, copy)
    assert internals.without_decay(copy, [kernel, bias]) == [bias]
    assert internals.loss_settings(keras.losses.Huber(delta=2.0))["delta"] == 2.0


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with numpy 2
def test_fit_tells_the_mode_where_a_call_takes_it() -> None:
    """Statistics move in ``fit`` where it does, and stay where it does not."""

    class Untold(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.head = keras.layers.BatchNormalization(), keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.head(self.norm(x))

    class Told(Untold):
        def call(self, x: Any, training: Any = None) -> Any:
            return self.head(self.norm(x))

    class OwnStep(Untold):
        def train_step(self, data: Any) -> Any:
            return super().train_step(data)

    x = np.random.default_rng(0).normal(3.0, 1.0, (8, 4)).astype(np.float32)
    for kind, expected in ((Untold, False), (Told, True)):
        model = kind()
        model.compile("sgd", "mse")
        model.fit(x, x[:, :1], verbose=0)
        assert bool(np.any(model.norm.moving_mean.numpy())) is expected
        assert internals.told_mode(model) is expected
    assert internals.told_mode(OwnStep()) is True
    assert internals.told_mode(keras.Sequential([keras.layers.Dense(1)])) is True
    assert internals.told_mode(keras.layers.Dense(1)) is None


def test_optimizers_can_be_told_how_many_steps_they_took() -> None:
    falling = keras.optimizers.schedules.PiecewiseConstantDecay([100], [1.0, 0.5])
    optimizer = keras.optimizers.SGD(falling, gradient_accumulation_steps=2)
    for step, rate in ((0, 1.0), (100, 1.0), (101, 0.5)):
        internals.set_iterations(optimizer, step)
        assert float(keras.ops.convert_to_tensor(optimizer.learning_rate)) == rate


def test_the_compiled_loss_leaves_out_what_layers_add() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_regularizer="l2")])
    assert internals.compile_loss_of(model) is None
    model.compile("sgd", "mse")
    loss = internals.compile_loss_of(model)
    assert loss is not None
    assert float(loss(np.ones((3, 1)), np.zeros((3, 1)), np.asarray([1.0, 1.0, 4.0]))) == 2.0


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_saved_files_hold_what_is_read_from_them(tmp_path: Path) -> None:
    import zipfile

    import h5py

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    path = tmp_path / "m.keras"
    model.save(path)
    with zipfile.ZipFile(path) as archive, archive.open(internals.ARCHIVED_WEIGHTS) as stream:
        groups = set(h5py.File(stream, "r"))

    assert {name.rstrip("/") for name in internals.TRAINING_STATE} <= groups


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_what_is_stored_is_told_without_a_file(tmp_path: Path) -> None:
    import h5py

    inputs = keras.Input((4,))
    model = keras.Model(
        inputs,
        keras.layers.BatchNormalization()(keras.Sequential([keras.layers.Dense(3), keras.layers.Dropout(0.5)])(inputs)),
    )
    model.save_weights(tmp_path / "m.weights.h5")
    arrays: dict[str, Any] = {}
    with h5py.File(tmp_path / "m.weights.h5") as file:
        file.visititems(lambda name, item: arrays.update({name: item[()]} if isinstance(item, h5py.Dataset) else {}))

    stored = internals.stored_variables(model)

    assert stored.keys() == arrays.keys()
    assert {id(value) for value in stored.values()} == {id(one) for one in model.weights}
    for path, value in stored.items():
        np.testing.assert_array_equal(value.numpy(), arrays[path])


def test_function_graphs_say_what_they_use() -> None:
    weight, held = tf.Variable([1.0, 2.0]), tf.constant([3.0, 4.0])

    def call(x: Any) -> Any:
        weight.assign_add([1.0, 1.0])
        return x * weight + held + tf.random.uniform((2,))

    graph = graph_of(call, (2,))

    assert internals.op_count(graph) == len(graph.get_operations())
    outer = [one for one, _ in internals.captures(graph)]
    assert any(one is held for one in outer)
    assert any(one is internals.handle_of(weight) for one in outer)
    assert [one is weight for one in internals.graph_variables(graph)] == [True]
    assert "AssignAddVariableOp" in {op.type for op in internals.final_updates(graph)}
    stateful = {op.type for op in graph.get_operations() if internals.is_stateful(op)}
    assert "RandomUniform" in stateful
    assert "Mul" not in stateful
    product = next(op for op in graph.get_operations() if op.type == "Mul")
    assert any(file == __file__ and function == "call" for file, _, function in internals.frames_of(product))


@pytest.mark.parametrize(("steps", "most"), [(6, 6), (None, None)])
def test_loops_say_how_many_turns_they_take_at_most(steps: int | None, most: int | None) -> None:
    model = keras.Sequential([keras.Input((steps, 3)), keras.layers.LSTM(2)])
    operations = graph_of(model, (None, steps, 3)).get_operations()

    assert [internals.most_turns(op) for op in operations if op.type == "While"] == [most]


def test_keras_variables_have_the_handle_of_their_value() -> None:
    variable = keras.Variable([1.0])

    assert internals.handle_of(variable) is variable.value.handle


def test_op_definitions_name_their_outputs() -> None:
    assert [one.name for one in internals.output_arguments("TopKV2")] == ["values", "indices"]
    assert list(internals.output_arguments("NoSuchOp")) == []
    assert internals.public_name("_slice_helper") == "getitem"
    assert internals.public_name("while_loop_v2") == "while_loop"


def test_custom_gradients_are_found_by_name() -> None:
    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def clipped(x: Any) -> Any:
        return tf.identity(x), lambda upstream: upstream * 0.5

    attributes = [op.node_def.attr for op in graph_of(clipped, (2,)).get_operations()]
    registered = [one for one in attributes if internals.GRADIENT_ATTRIBUTE in one]

    assert registered
    assert all(callable(internals.registered_gradient(one)) for one in registered)
    assert all(internals.registered_gradient(one) is None for one in attributes if one not in registered)


def test_variables_can_be_made_while_a_graph_is_traced() -> None:
    made: list[Any] = []

    def call(x: Any) -> Any:
        with tf.init_scope(), tf.variable_creator_scope(internals.variable_outside_graph):
            made.append(tf.Variable(2.0))
        return x * made[-1]

    assert graph_of(call, (2,)).get_operations()
    assert made[-1].numpy() == 2.0


def test_casts_keep_all_digits_of_a_python_float() -> None:
    with internals.exact_casts():
        exact = tf.cast(1 / 255, "float64").numpy()
        name = tf.cast.__code__.co_name

    assert exact == 1 / 255
    assert name == "cast"  # by which a trace calls what it makes, in float64 as in float32
    assert tf.cast(1 / 255, "float64").numpy() != 1 / 255


def test_messages_come_without_their_wrapping() -> None:
    class Broken(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            raise ValueError("no such thing.")

    class Branching(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x if bool(tf.reduce_sum(x) > 0) else -x

    with pytest.raises(ValueError, match="no such thing") as broken:
        Broken()(tf.zeros((1, 2)))
    with pytest.raises(TypeError, match=r"symbolic|Symbolic") as branching:
        graph_of(Branching(), (1, 2))

    told = (
        "Graph execution error:\n\nDetected at node net/up defined at (most recent call last):\n"
        '  File "a.py", line 3, in f\n'
        "\nNot supported.\n\t [[{{node net/up}}]] [Op:__inference_<lambda>_4]"
    )
    assert internals.bare_message(broken.value) == "no such thing"
    assert internals.bare_message(RuntimeError(told)) == "Not supported"
    assert not internals.is_data_dependent(broken.value)
    assert internals.is_data_dependent(branching.value)


def test_the_seeds_that_keras_draws_are_seen_and_those_of_others_too():
    keras.utils.set_random_seed(3)
    with internals.default_seeds() as drawn:
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(3), keras.layers.Dropout(0.5)])
    assert len(drawn) >= 2
    assert internals.generators_stand_at(3, len(drawn))
    for draw in (random.random, np.random.rand, lambda: tf.random.uniform(())):
        keras.utils.set_random_seed(3)
        assert internals.generators_stand_at(3, 0)
        draw()
        assert not internals.generators_stand_at(3, 0)


def test_what_is_left_out_of_a_copy_is_made_again():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 2)), np.ones((2, 2)), verbose=0)
    state = internals.own_state(model)
    assert model.train_function is not None
    assert {state[name] for name in internals.COMPILED_FUNCTIONS} == {None}
    assert vars(model).keys() - state.keys() == {name for name in vars(model) if name.startswith("_self_")}


def test_tensorflow_is_taken_apart():
    def double(x):
        return x * 2

    made = tf.function(double, input_signature=[tf.TensorSpec((), tf.float32)], autograph=False, jit_compile=False)
    function, options = internals.function_options(made)
    assert function is double
    again = tf.function(function, **options)
    assert (again.input_signature, again._autograph, again._jit_compile) == (made.input_signature, False, False)

    holder = tf.Module()
    part = tf.Module()
    holder.several, holder.one, holder.table = [1, [2]], (part, 2), {"a": 1}
    values = internals.unwrapped(holder.several), internals.unwrapped(holder.one), internals.unwrapped(holder.table)
    assert values == ([1, [2]], (part, 2), {"a": 1})
    assert [type(value) for value in values] == [list, tuple, dict]
    assert internals.unwrapped([1]) is None

    words = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [1]), 7)
    changes, keys, held, default = internals.table_parts(words)
    assert (changes, keys.numpy().tolist(), held.numpy().tolist(), int(default)) == (False, [b"a"], [1], 7)
    assert internals.table_parts(double) is None

    assert internals.is_default_strategy(tf.distribute.get_strategy())
    one = tf.distribute.OneDeviceStrategy("cpu")
    with one.scope():
        assert not internals.is_default_strategy(one)
