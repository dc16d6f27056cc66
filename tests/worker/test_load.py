"""Loading in this process: every way to write a model, every way it can fail, and what is inferred."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kerasdiff.errors import KerasdiffError, LoadError, TargetError, TraceError
from kerasdiff.findings import Fact, Finding
from kerasdiff.side.targets import parse_input, parse_target

keras: Any = pytest.importorskip("keras")

from kerasdiff.worker.loading.load import load  # noqa: E402  (imports Keras, which may be missing)
from kerasdiff.worker.loading.loaded import Loaded  # noqa: E402  (imports Keras, which may be missing)
from kerasdiff.worker.loading.session import Session  # noqa: E402  (imports Keras, which may be missing)

MODELS = """
import keras
from helper import dense

number = 5


class Plain:
    pass


class Net(keras.Model):
    def __init__(self, width, depth=2):
        super().__init__()
        if width < 0:
            raise ValueError("width must be positive")
        self.d = dense(width)

    def call(self, x):
        return self.d(x)


class Namespace:
    small = Net


class Image(keras.Model):
    def __init__(self, input_shape, num_classes):
        super().__init__()
        self.flat = keras.layers.Flatten()
        self.d = dense(num_classes)

    def call(self, x, training):
        return self.d(self.flat(x))


class Digits(keras.Model):
    def __init__(self):
        super().__init__()
        self.r = keras.layers.Reshape((28, 28))

    def call(self, x):
        return self.r(x)


class Two(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = dense(3)

    def call(self, a, b):
        return self.d(a) - self.d(b)


class Dict(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = dense(3)

    def call(self, inputs):
        return self.d(inputs["a"]) - self.d(inputs["b"])


class List(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = dense(3)

    def call(self, inputs):
        a, b = inputs
        return self.d(a) - self.d(b)


class Words(keras.Model):
    def __init__(self):
        super().__init__()
        self.table = [keras.layers.Embedding(20, 4)]

    def call(self, ids):
        return self.table[0](ids)


def looked_up():
    ids = keras.Input((5,))
    return keras.Model(ids, keras.layers.Embedding(20, 4)(ids))


def functional():
    a = keras.Input((4,), name="a")
    b = keras.Input((None, 3), dtype="int32", name="b")
    inputs = {"b": b, "a": a}
    return keras.Model(inputs, [dense(2)(a), keras.layers.Embedding(7, 2)(b)])


def called_once():
    import numpy as np

    model = Net(4)
    model(np.zeros((1, 7), "float32"))
    return model


def pair():
    return Net(3), "history"


def nothing(num_classes):
    return None


def leaves():
    raise SystemExit(4)


sequential = keras.Sequential([keras.Input((6,)), dense(3)])
unbuilt = keras.Sequential([keras.layers.Flatten(), dense(3)])
layer = keras.layers.Dense(2)
"""


@pytest.fixture(autouse=True)
def clean_path() -> Iterator[None]:
    """Loading puts the target's directory on the path for good, which suits a worker and no test."""
    path = list(sys.path)
    yield
    sys.path[:] = path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "m.py").write_text(MODELS)
    (tmp_path / "helper.py").write_text("import keras\n\n\ndef dense(n):\n    return keras.layers.Dense(n)\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loaded(text: str, *inputs: str, precision: Any = "float32") -> Loaded:
    return load(parse_target(text), tuple(parse_input(item) for item in inputs), precision)


def shapes(result: Loaded) -> list[tuple[str, tuple[int | None, ...] | None, str]]:
    return [(port.name, port.spec.shape, port.spec.dtype) for port in result.ports]


def outputs_of(result: Loaded) -> Any:
    tensors = [
        keras.ops.ones([2, *(dim or 5 for dim in (port.spec.shape or ())[1:])], port.spec.dtype)
        for port in result.ports
    ]
    args, kwargs = result.pack(tensors)
    return result.model(*args, **kwargs)


@pytest.mark.parametrize(
    ("text", "inputs", "ports"),
    [
        ("m.py:Net(width=3)", (), [("input", (None, 32, 32, 3), "float32")]),
        ("m.py:Namespace.small(width=3)", ("5",), [("input", (None, 5), "float32")]),
        ("m.py:sequential", (), [("input", (None, 6), "float32")]),
        ("m.py:unbuilt", ("2,2",), [("input", (None, 2, 2), "float32")]),
        ("m.py:layer", ("4",), [("input", (None, 4), "float32")]),
        ("m.py:called_once", (), [("input", (None, 7), "float32")]),
        ("m.py:pair", ("4",), [("input", (None, 4), "float32")]),
        ("m.py:Two", ("b=4", "a=4"), [("a", (None, 4), "float32"), ("b", (None, 4), "float32")]),
        ("m.py:Two", ("4", "4"), [("a", (None, 4), "float32"), ("b", (None, 4), "float32")]),
        ("m.py:Dict", ("b=4", "a=4"), [("a", (None, 4), "float32"), ("b", (None, 4), "float32")]),
        ("m.py:List", ("4", "4"), [("input_0", (None, 4), "float32"), ("input_1", (None, 4), "float32")]),
        ("m.py:functional", (), [("a", (None, 4), "float32"), ("b", (None, None, 3), "int32")]),
        ("m.py:functional", ("b=9,3",), [("a", (None, 4), "float32"), ("b", (None, 9, 3), "int32")]),
        ("m:sequential", (), [("input", (None, 6), "float32")]),
    ],
)
def test_every_form_loads_and_can_be_called(
    folder: Path, text: str, inputs: tuple[str, ...], ports: list[tuple[str, tuple[int | None, ...], str]]
) -> None:
    result = loaded(text, *inputs)
    assert shapes(result) == ports
    assert result.model.weights
    outputs_of(result)


def test_pack_keeps_names_apart(folder: Path) -> None:
    result = loaded("m.py:Dict", "b=4", "a=4")
    args, kwargs = result.pack([keras.ops.ones((1, 4)), keras.ops.zeros((1, 4))])
    assert list(args[0]) == ["a", "b"]
    assert float(args[0]["a"][0, 0]) == 1.0
    assert kwargs == {}


def test_cifar_default_is_inferred_and_said(folder: Path) -> None:
    result = loaded("m.py:Image")
    assert shapes(result) == [("input", (None, 32, 32, 3), "float32")]
    assert result.model.weights[-1].shape == (10,)
    default = Fact.ARGUMENT_FROM_DEFAULT
    assert result.inferred == (
        Finding(fact=default, names=("m.py:Image", "input_shape"), settings={"value": (32, 32, 3)}),
        Finding(fact=default, names=("m.py:Image", "num_classes"), settings={"value": 10}),
        Finding(fact=Fact.INPUT_FROM_ARGUMENT, names=("m.py:Image", "input_shape"), settings={"shape": (32, 32, 3)}),
    )


def test_single_input_option_sets_the_constructor_too(folder: Path) -> None:
    result = loaded("m.py:Image(num_classes=3)", "8,8,1")
    assert shapes(result) == [("input", (None, 8, 8, 1), "float32")]
    names = ("m.py:Image(num_classes=3)", "input_shape")
    assert result.inferred == (Finding(fact=Fact.ARGUMENT_FROM_INPUT, names=names, settings={"value": (8, 8, 1)}),)


def test_integer_inputs_stay_inside_the_embedding(folder: Path) -> None:
    assert [(p.low, p.high) for p in loaded("m.py:Words", "5:int32").ports] == [(0, 19)]
    assert [(p.low, p.high) for p in loaded("m.py:Words", "5:int32@3..9").ports] == [(3, 9)]
    assert [(p.low, p.high, p.ids) for p in loaded("m.py:Words", "5").ports] == [(0, 19, True)]
    clamped = loaded("m.py:Words", "5:int32@0..20")
    assert clamped.ports[0].high == 19
    assert clamped.inferred == (Finding(fact=Fact.RANGE_CUT, names=("m.py:Words", "input"), figures={"last": 19}),)
    assert [(p.low, p.high) for p in loaded("m.py:layer", "3").ports] == [(None, None)]


def test_a_floating_input_of_an_embedding_takes_its_ids(folder: Path) -> None:
    (port,) = loaded("m.py:looked_up").ports
    assert (port.spec.dtype, port.ids, port.low, port.high) == ("float32", True, 0, 19)


def test_which_inputs_hold_ids_is_found_out_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kerasdiff.worker.loading import inputs

    asked: list[object] = []
    found = inputs.hold_ids
    monkeypatch.setattr(inputs, "hold_ids", lambda *given: asked.append(given) or found(*given))
    session = Session(parse_target("m.py:looked_up"))

    models = [session.loaded("float32"), session.loaded("float64"), session.reload("float32", 1)]

    assert [[port.ids for port in model.ports] for model in models] == [[True]] * 3
    assert len(asked) == 1


def test_unknown_dimension_stays_unknown(folder: Path) -> None:
    assert loaded("m.py:Words", "?:int32").ports[0].spec.shape == (None, None)


def test_declared_dtype_wins_and_is_said(folder: Path) -> None:
    result = loaded("m.py:sequential", "6:int32@0..3")
    assert result.ports[0].spec.dtype == "float32"
    assert result.ports[0].high == 3
    dtypes = {"declared": "float32", "asked": "int32"}
    (stays,) = result.inferred
    assert (stays.fact, stays.settings) == (Fact.DTYPE_AS_DECLARED, dtypes)


@pytest.mark.parametrize("text", ["m.py:functional", "m.py:Net(width=3)", "m.py:sequential", "m:sequential"])
def test_float64_everywhere_and_restored(folder: Path, text: str) -> None:
    result = loaded(text, precision="float64")
    assert {weight.dtype for weight in result.model.weights} == {"float64"}
    assert result.ports[0].spec.dtype == "float64"
    assert keras.config.floatx() == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_float64_is_restored_after_a_failure(folder: Path) -> None:
    with pytest.raises(LoadError):
        loaded("m.py:Net(width=-1)", precision="float64")
    assert (keras.config.floatx(), keras.config.dtype_policy().name) == ("float32", "float32")


def test_session_caches_and_reloads_the_same_start(folder: Path) -> None:
    session = Session(parse_target("m.py:sequential"))
    first, again, fresh = session.loaded("float32"), session.loaded("float32"), session.reload("float32")
    assert first is again
    assert fresh.model is not first.model
    assert all((a.numpy() == b.numpy()).all() for a, b in zip(first.model.weights, fresh.model.weights, strict=True))


def test_equal_names_in_two_directories_stay_apart(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "m.py").write_text(MODELS)
    (other / "helper.py").write_text(
        "import keras\n\n\ndef dense(n):\n    return keras.layers.Dense(n, use_bias=False)\n"
    )
    assert len(loaded("m.py:sequential").model.weights) == 2
    sys.modules.pop("helper")  # each side has a process of its own
    assert len(loaded("other/m.py:sequential").model.weights) == 1


def test_nothing_is_written_beside_the_file(folder: Path) -> None:
    loaded("m.py:sequential")
    assert sorted(entry.name for entry in folder.iterdir()) == ["helper.py", "m.py"]


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_saved_models(folder: Path, suffix: str) -> None:
    original = loaded("m.py:sequential").model
    original.save(folder / f"net{suffix}")
    result = loaded(f"net{suffix}")
    assert shapes(result) == [("input", (None, 6), "float32")]
    assert (result.model.weights[0].numpy() == original.weights[0].numpy()).all()
    with pytest.raises(LoadError, match="no float64 form"):
        loaded(f"net{suffix}", precision="float64")


def test_damaged_saved_model(folder: Path) -> None:
    (folder / "net.keras").write_bytes(b"nothing")
    with pytest.raises(LoadError, match="Keras cannot open this file"):
        loaded("net.keras")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import keras\ndef f(:\n    pass\n", "syntax error in bad.py:2: invalid syntax: def f(:"),
        ("\nimport torchh\n", "imports torchh, which is not installed here nor found beside it (bad.py:2)"),
        ("x = 1\ny = x / 0\n", "importing bad.py fails (bad.py:2): ZeroDivisionError: division by zero."),
        ("import sys\nsys.exit(3)\n", "ends the program when it is imported, with exit code 3 (bad.py:2)"),
        ("from .m import f\n", "/bad.py:1): ImportError: cannot import name 'f' from"),
        ("from .n import f\n", ".n, which is not installed here nor found beside it ("),
    ],
)
def test_a_file_that_cannot_be_imported(folder: Path, source: str, says: str) -> None:
    (folder / "bad.py").write_text(source)
    with pytest.raises(LoadError) as caught:
        loaded("bad.py:f")
    assert says in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "inputs", "error", "says"),
    [
        ("m.py:Nett", (), TargetError, "m.py defines no Nett; nearest: Net"),
        ("m.py:Namespace.smal", (), TargetError, "m.py:Namespace defines no smal; nearest: small"),
        ("nowhere.at_all:Net", (), TargetError, "there is no module nowhere.at_all"),
        ("m.py:number", (), LoadError, "number is an int (5), not a Keras model"),
        ("m.py:Plain", (), LoadError, "Plain is a class, but not of a Keras model"),
        ("m.py:keras", (), LoadError, "keras is the module keras, not a Keras model"),
        ("m.py:nothing", (), LoadError, "nothing returned None"),
        ("m.py:sequential(a=1)", (), LoadError, "already a Sequential object"),
        ("m.py:Net", (), LoadError, "Net needs the argument width; write 'm.py:Net(width=...)'"),
        ("m.py:Net(depth=3)", (), LoadError, "write 'm.py:Net(depth=3, width=...)'"),
        ("m.py:Net(widht=3)", (), LoadError, "nearest: width. Its signature is Net(width, depth=2)"),
        ("m.py:Net(width=-1)", (), LoadError, "fails (m.py:16): ValueError: width must be positive."),
        ("m.py:leaves", (), LoadError, "it calls sys.exit(4)"),
        ("m.py:Two", (), TraceError, "--input a=SHAPE --input b=SHAPE"),
        ("m.py:Two", ("b=4",), TargetError, "also takes a; add --input a=SHAPE"),
        ("m.py:Dict", ("b=4", "4"), TargetError, "name either every --input or none"),
        ("m.py:Dict", ("b=4", "b=4"), TargetError, "given twice"),
        ("m.py:sequential", ("7",), TargetError, "--input says 7, but the model declares its input as (6)"),
        ("m.py:Digits", ("image=28,28",), TraceError, "Digits.call has no input `image`; its input is `x`; taken for"),
        ("m.py:functional", ("4",), TargetError, "declares 2 inputs (a, b)"),
        ("m.py:functional", ("c=4",), TargetError, "declares no input c; its inputs are a, b"),
        ("m.py:Digits", (), TraceError, "That input is a guess, the CIFAR-10 default"),
        (
            "m.py:Digits",
            ("5,5",),
            TraceError,
            "the call on input 5,5 float32 fails (m.py:43): ValueError: The total size",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_clear_sentence(
    folder: Path, text: str, inputs: tuple[str, ...], error: type[KerasdiffError], says: str
) -> None:
    with pytest.raises(error) as caught:
        loaded(text, *inputs)
    assert says in caught.value.message
    assert caught.value.message.startswith(text)
    assert "\n" not in caught.value.message
    assert "Traceback" not in caught.value.message
    assert "Arguments received" not in caught.value.message


def test_details_hold_the_users_frames_alone(folder: Path) -> None:
    with pytest.raises(TraceError) as caught:
        loaded("m.py:Digits", "5,5")
    assert 'File "m.py", line 43, in call' in caught.value.details
    assert "site-packages" not in caught.value.details
    reason = caught.value.message.partition("fails (m.py:43): ")[2].partition(":")[0]
    assert reason
    assert reason not in caught.value.details  # told once


def test_a_missing_name_lists_what_there_is(folder: Path) -> None:
    with pytest.raises(TargetError) as caught:
        loaded("m.py:Zzz")
    assert "Net, " in caught.value.details
    assert "sequential" in caught.value.details
    assert "dense" not in caught.value.details  # imported, not defined here


def test_library_model_by_module_name() -> None:
    result = loaded("keras.applications:MobileNetV2(weights=None, input_shape=(32, 32, 3))")
    assert shapes(result) == [("input", (None, 32, 32, 3), "float32")]


def test_weights_that_were_overwritten_are_set_back_and_more_than_that_is_loaded_anew(folder: Path) -> None:
    session = Session(parse_target("m.py:sequential"))
    began = [value.numpy() for value in session.loaded("float32").model.variables]

    def overwritten() -> Loaded:
        loaded = session.drawn("float32")
        for variable in loaded.model.variables:
            variable.assign(variable + 1.0)
        return loaded

    loaded = overwritten()
    assert session.pristine() is loaded
    for value, variable in zip(began, loaded.model.variables, strict=True):
        assert (value == variable.numpy()).all()

    overwritten()
    session.altered("float32")
    assert session.pristine() is not loaded
    for value, variable in zip(began, session.pristine().model.variables, strict=True):
        assert (value == variable.numpy()).all()
