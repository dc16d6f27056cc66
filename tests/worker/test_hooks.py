"""Functions of Keras that kerasdiff watches: right calls do the same as without it, wrong ones say the same."""

from __future__ import annotations

import contextlib
import inspect
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

keras: Any = pytest.importorskip("keras")
tf: Any = pytest.importorskip("tensorflow")

from kerasdiff.worker.hooks import forwarding  # noqa: E402  (imports Keras, which may be missing)
from kerasdiff.worker.keras_internals import exact_casts  # noqa: E402
from kerasdiff.worker.tracing.names import Names  # noqa: E402
from kerasdiff.worker.tracing.recording import installed  # noqa: E402
from kerasdiff.worker.tracing.sources import creation_site, initializer_of, made_at, recording  # noqa: E402
from kerasdiff.worker.tracing.trace import Recorder  # noqa: E402
from kerasdiff.worker.user_code.libraries import is_user_file  # noqa: E402


@contextlib.contextmanager
def calling() -> Iterator[None]:
    """The hooks of a traced call."""
    graph = tf.compat.v1.get_default_graph()
    with installed(Recorder(Names(keras.Sequential()), graph, training=False), expand_functions=True):
        yield


def _operation() -> Any:
    return keras.ops.nn.Relu() if hasattr(keras.ops.nn, "Relu") else keras.layers.ReLU()


ONE = [[1.0, -1.0]]
LEGAL: dict[str, Callable[[], Any]] = {
    "variable": lambda: keras.Variable(2.0),
    "variable by name": lambda: keras.Variable(initializer=2.0, trainable=False, name="v"),
    "variable by position": lambda: keras.Variable("zeros", (2,), "float32", False),
    "assign": lambda: keras.Variable(2.0).assign(3.0),
    "assign by name": lambda: keras.Variable(2.0).assign(value=3.0),
    "operation": lambda: _operation().name.partition("_")[0],
    "layer by name": lambda: keras.layers.Dense(2, name="d").name,
    "layer config": lambda: keras.layers.ReLU(max_value=2.0, name="r").get_config(),
    "call": lambda: keras.layers.ReLU()(tf.constant(ONE)),
    "call by name": lambda: keras.layers.Rescaling(2.0)(inputs=tf.constant(ONE)),
    "symbolic": lambda: keras.Input((2,), name="i").shape,
    "cast": lambda: tf.cast(tf.constant(1), "float32"),
    "cast by name": lambda: tf.cast(dtype="float32", x=tf.constant(1)),
    "cast of a number": lambda: tf.cast(0.5, tf.float32, "half"),
}
WRONG: dict[str, Callable[[], Any]] = {
    "variable of another name": lambda: keras.Variable(initial_value=2.0),
    "variable without anything": lambda: keras.Variable(),
    "variable without itself": lambda: keras.Variable.__init__(),
    "variable given twice": lambda: keras.Variable(2.0, initializer=3.0),
    "assign nothing": lambda: keras.Variable(2.0).assign(),
    "assign by another name": lambda: keras.Variable(2.0).assign(values=2.0),
    "assign another shape": lambda: keras.Variable(2.0, name="v").assign([1.0, 2.0]),
    "layer without itself": lambda: keras.layers.Layer.__call__(),
    "operation without itself": lambda: keras.Operation.__call__(),
    "operation made without itself": lambda: keras.Operation.__init__(),
    "layer of another name": lambda: keras.layers.Dense(unit=3),
    "call with too much": lambda: keras.layers.ReLU()(tf.constant(ONE), 1, 2, 3),
    "call by another name": lambda: keras.layers.Rescaling(2.0, name="r")(tf.constant(ONE), inputz=1),
    "symbol": lambda: keras.KerasTensor(),
    "cast without a dtype": lambda: tf.cast(0.5),
    "cast with too much": lambda: tf.cast(0.5, "float32", "n", 4),
    "cast given twice": lambda: tf.cast(0.5, "float32", x=0.5),
    "cast by another name": lambda: tf.cast(0.5, "float32", names="n"),
}


def _said(run: Callable[[], Any]) -> str:
    try:
        value = run()
    except Exception as error:  # whatever Keras raises is what is compared
        return f"{type(error).__name__}: {error}"
    if isinstance(value, keras.Variable):
        value = (value.shape, value.dtype, value.trainable, value.numpy())
    return repr(value.numpy() if hasattr(value, "numpy") else value)


@pytest.mark.parametrize("hooks", [recording, calling, exact_casts], ids=lambda hooks: hooks.__name__)
@pytest.mark.parametrize("name", [*LEGAL, *WRONG])
def test_a_hooked_call_says_the_same(name: str, hooks: Any):
    run = {**LEGAL, **WRONG}[name]
    expected = _said(run)

    with hooks():
        told = _said(run)

    assert told == expected
    assert ("Error" in told) == (name in WRONG), told


def test_no_frame_of_a_hook_is_shown_as_the_users():
    with recording(), pytest.raises(TypeError) as caught:
        keras.Variable(initial_value=2.0)

    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert [Path(file).name for file in files if is_user_file(file)] == [Path(__file__).name]


def test_signatures_are_the_original_ones():
    def original(self: Any, name: str | None = None, *, more: int = 1) -> None:
        """Says nothing."""

    hook = forwarding(original, lambda function, args, kwargs: function(*args, **kwargs))

    assert inspect.signature(hook) == inspect.signature(original)
    assert inspect.getfullargspec(hook) == inspect.getfullargspec(original)
    assert (hook.__name__, hook.__qualname__, hook.__doc__) == (
        original.__name__,
        original.__qualname__,
        "Says nothing.",
    )


def test_what_is_made_is_noted_however_it_is_called():
    with recording():
        layer, variables = (
            keras.layers.Dense(2),
            (keras.Variable("ones", (1,)), keras.Variable(shape=(1,), initializer="zeros")),
        )

    assert [initializer_of(one) for one in variables] == ["ones", "zeros"]
    assert {Path(str(site.file)).name for site in (creation_site(layer), *map(made_at, variables)) if site} == {
        Path(__file__).name
    }


def test_hooks_are_taken_off_again():
    def methods() -> tuple[object, ...]:
        init = keras.Operation.__init__, keras.Variable.__init__, keras.KerasTensor.__init__
        return (*init, keras.layers.Layer.__call__, keras.Operation.__call__, vars(keras.Variable).get("assign"))

    before = methods()

    with recording(), calling():
        assert keras.Operation.__init__ is not before[0]

    assert methods() == before
