"""Edits in words: each kind to the letter, for reports and scripts read them, and as data for JSON."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from kerasdiff.align.edits import (
    Aspect,
    Change,
    Delete,
    Edit,
    End,
    Insert,
    MaskIgnored,
    Move,
    Neighbour,
    OtherEnds,
    OtherOperands,
    OtherSharing,
    Part,
    Rewire,
    Update,
    Wiring,
)
from kerasdiff.findings import Site
from kerasdiff.graph import Source
from kerasdiff.graph.chance import Axis, Drawn
from kerasdiff.graph.table import Table
from kerasdiff.report.wording.edits.contrast import contrasts
from kerasdiff.report.wording.edits.sentences import begins_with_a_name, message
from kerasdiff.report.wording.edits.settings import SAID, attributes, settings
from kerasdiff.report.wording.names import call_of, calls_of, name_of, shown


def site(node: str, op: str = "", line: int = 0, **more: Any) -> Site:
    """A function call, or with a ``display`` the layer of this class."""
    kind = "layer" if "display" in more else "function"
    source = Source(file="m.py", line=line) if line else None
    return Site(node=node, op=op or node, kind=kind, source=source, **more)


RELU = site("relu_1", "relu", 7)
CONV = site("stem/conv", "conv2d", 3, display="Conv2D")
NORM = site("norm", "batch_normalization", 4, display="BatchNormalization")


def inserted(one: Site = RELU, **more: Any) -> Insert:
    return Insert(op=one.op, reference=None, candidate=one, **more)


def deleted(one: Site = RELU, **more: Any) -> Delete:
    return Delete(op=one.op, reference=one, candidate=None, **more)


def updated(*changes: Change, one: Site | None = CONV, two: Site | None = CONV, **more: Any) -> Update:
    return Update(op=one.op if one else "", reference=one, candidate=two, changes=changes, **more)


def setting(name: str, one: object, two: object) -> Change:
    return Change(aspect=Aspect.SETTING, name=name, values=(one, two))


def weight(role: str, name: str, one: object, two: object) -> Change:
    return Change(aspect=Aspect.WEIGHT, weight=role, name=name, values=(one, two))


def computes(one: tuple[Part, ...], two: tuple[Part, ...]) -> Change:
    return Change(aspect=Aspect.COMPUTATION, parts=(one, two))


def rewired(wiring: Wiring, one: Site = CONV, two: Site = CONV) -> Rewire:
    return Rewire(op=one.op, reference=one, candidate=two, wiring=wiring)


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (
            inserted(after=("norm", "bn"), between=("bn", "pool")),
            "candidate applies relu between bn and pool (m.py:7), but reference applies none after norm",
        ),
        (
            inserted(after=("bn", "bn"), between=("bn", "")),
            "candidate applies relu after bn (m.py:7), but reference does not",
        ),
        (
            deleted(after=("bn", None), between=("", "pool")),
            "reference applies relu before pool (m.py:7), but candidate does not",
        ),
        (
            deleted(site("add", line=2), operands=("a", "b")),
            "reference applies add to a and b (m.py:2), but candidate does not",
        ),
        (inserted(CONV), "candidate applies Conv2D (m.py:3), but reference does not"),
        (
            inserted(site("scale", settings={"by": "0.1000000000000000055511151231257827"}), mask="as"),
            "candidate applies scale (by 0.1) as a mask, but reference does not",
        ),
        (
            deleted(site("clip", settings={"constants": (0.0, 6.0), "alpha": None}), mask="with"),
            "reference applies clip (constants 0, 6) with the mask, but candidate does not",
        ),
        (
            inserted(CONV, inside=("relu", "add")),
            "candidate computes relu and add inside stem/conv (Conv2D, m.py:3), but reference does not",
        ),
    ],
)
def test_what_one_side_alone_has(edit: Edit, text: str) -> None:
    assert message(edit) == text
    assert attributes(edit) == {}
    assert not begins_with_a_name(edit)


@pytest.mark.parametrize(
    ("changes", "text", "data"),
    [
        (
            (setting("epsilon", 0.001, 1e-05), setting("axis", 1, "1")),
            "epsilon 0.001 in the reference, 1e-05 in the candidate, and axis 1 in the reference, '1' in the candidate",
            {"epsilon": (0.001, 1e-05), "axis": (1, "1")},
        ),
        (
            (setting("rate", 0.1, 0.10000000000000002), setting("by", "0.30000000000000004", "0.5")),
            "rate 0.1 in the reference, 0.10000000000000002 in the candidate, "
            "and by 0.3 in the reference, 0.5 in the candidate",
            {"rate": (0.1, 0.10000000000000002), "by": ("0.30000000000000004", "0.5")},
        ),
        (
            (Change(aspect=Aspect.CALL, name="training", values=(None, False)),),
            "training in the call not given in the reference, False in the candidate",
            {"call.training": (None, False)},
        ),
        (
            (Change(aspect=Aspect.UNTRACKED, values=((), ("float32 (3,) = 1234", "table 5678"))),),
            "weights that the model does not track: none in the reference, "
            "float32 (3,) = 1234, table 5678 in the candidate",
            {"untracked": ("none", "float32 (3,) = 1234, table 5678")},
        ),
        (
            (Change(aspect=Aspect.DTYPE, values=(("float32", "int32"), ("float16", "int32"))),),
            "dtype float32, int32 in the reference, float16, int32 in the candidate",
            {"dtype": ("float32, int32", "float16, int32")},
        ),
        (
            (Change(aspect=Aspect.WIRING),),
            "the same operations inside, connected in another way",
            {"wiring": ("one way", "another way, or in a loop body")},
        ),
        (
            (computes((Part(op="tanh"), Part(op="multiply")), ()),),
            "the reference alone computes multiply, tanh",
            {"computation": ("multiply, tanh", "nothing more")},
        ),
        (
            (computes((Part(op="tanh"),), (Part(op="erf"), Part(constant=0.5))),),
            "the reference alone computes tanh, the candidate alone computes constant 0.5, erf",
            {"computation": ("tanh", "constant 0.5, erf")},
        ),
        (
            tuple(Change(aspect=Aspect.SETTING, name=name, values=(4, 8)) for name in ("key_dim", "value_dim")),
            "key_dim and value_dim 4 in the reference, 8 in the candidate",
            {"key_dim": (4, 8), "value_dim": (4, 8)},
        ),
        (
            (computes((Part(constant=6.0),), (Part(constant=20.0),)),),
            "computes with constant 6 in the reference, constant 20 in the candidate",
            {"computation": ("constant 6", "constant 20")},
        ),
        (
            (computes((Part(constant=0.1),), (Part(constant=0.10000000001),)),),
            "computes with constant 0.1 in the reference, constant 0.10000000001 in the candidate",
            {"computation": ("constant 0.1", "constant 0.10000000001")},
        ),
    ],
)
def test_changed_settings(changes: tuple[Change, ...], text: str, data: dict[str, Any]) -> None:
    edit = updated(*changes)

    assert message(edit) == f"stem/conv (Conv2D, m.py:3): {text}"
    assert attributes(edit) == data
    assert begins_with_a_name(edit)


def drawn(setting: str, *axes: Axis) -> Drawn:
    return Drawn(setting=setting, axes=axes)


STEPS, SEQUENCE = ("row", "time step", "channel"), ("row", "channel")


@pytest.mark.parametrize(
    ("one", "two", "versions", "text", "data"),
    [
        (
            (drawn("dropout", *STEPS),),
            (drawn("dropout", *SEQUENCE),),
            ("2.21.0", "3.15.1"),
            "the mask of `dropout` is drawn for each time step in the reference (Keras 2.21) "
            "and once a sequence in the candidate (Keras 3.15)",
            ("for each time step", "once a sequence"),
        ),
        (
            (drawn("layer.dropout", *STEPS), drawn("recurrent_dropout", *STEPS)),
            (drawn("layer.dropout", *SEQUENCE), drawn("recurrent_dropout", *SEQUENCE)),
            ("", ""),
            "the masks of `dropout` and `recurrent_dropout` are drawn for each time step in the reference "
            "and once a sequence in the candidate",
            ("for each time step", "once a sequence"),
        ),
        (
            (drawn("rate", "row", "position"),),
            (drawn("rate", "position", "channel"),),
            ("", ""),
            "the mask is drawn for each row, once for all channels in the reference "
            "and for each channel, once for the whole batch in the candidate",
            ("for each row, once for all channels", "for each channel, once for the whole batch"),
        ),
        (
            (drawn("", "row", "channel"),),
            (drawn("", "row", "position", "channel"),),
            ("", ""),
            "the random numbers are drawn once for all positions in the reference "
            "and for each position in the candidate",
            ("once for all positions", "for each position"),
        ),
    ],
)
def test_what_random_numbers_vary_over(
    one: tuple[Drawn, ...], two: tuple[Drawn, ...], versions: tuple[str, str], text: str, data: tuple[str, str]
) -> None:
    change = Change(aspect=Aspect.DRAWN, values=(("(?, 6, 5)",), ("(?, 5)",)), drawn=(one, two), versions=versions)

    assert message(updated(change)) == f"stem/conv (Conv2D, m.py:3): {text}"
    assert attributes(updated(change)) == {"shape of random numbers": data}
    replaced = updated(Change(aspect=Aspect.OP), change, two=site("conv", op="dense"))
    assert message(replaced).endswith(f": {text}")


@pytest.mark.parametrize(
    ("name", "far", "occasion", "text"),
    [
        (
            "loss",
            0.045,
            "ends",
            "differs, where outputs are 0 or 1, by up to 4.5 % of a value; on others tried, by less",
        ),
        (
            "loss",
            0.2,
            "masked",
            "differs, where rows or steps are masked, by up to 20 % of a value; without a mask, by",
        ),
        ("optimizer", 1.0, "", "differs by up to 100 % of a step"),
    ],
)
def test_what_reads_the_same_in_two_versions_is_told_with_how_far_and_where(
    name: str, far: float, occasion: str, text: str
) -> None:
    change = Change(
        aspect=Aspect.COMPILE, name=name, values=("X", "X"), far=far, occasion=occasion, versions=("2.21.0", "3.15.1")
    )
    edit = Update(op="compile", rung="weights", reference=None, candidate=None, changes=(change,))

    assert f"{name} X of Keras 2.21.0 and 3.15.1 {text}" in message(edit)
    assert attributes(edit) == {name: ("X of Keras 2.21.0", "X of Keras 3.15.1")}


def test_layers_that_take_other_arguments_stand_in_each_other_s_place() -> None:
    changes = (
        Change(aspect=Aspect.SETTING, name="activation", values=(None, "<lambda> (code 898772ce)")),
        Change(aspect=Aspect.SETTING, name="negative_slope", values=(0.3, None)),
    )
    one, two = (site("act", "leaky_relu", 7, display=name) for name in ("LeakyReLU", "Activation"))
    edit = updated(*changes, one=one, two=two)

    assert message(edit) == (
        "candidate has act (Activation, leaky_relu, m.py:7) with activation=<lambda> in the place of "
        "act (LeakyReLU, m.py:7) with negative_slope=0.3"
    )
    assert not begins_with_a_name(edit)


@pytest.mark.parametrize("aspect", sorted(SAID, key=lambda aspect: aspect.value))
def test_what_the_message_says_is_no_setting(aspect: Aspect) -> None:
    assert settings(updated(Change(aspect=aspect))) == ()


def test_another_call_is_told_by_both() -> None:
    edit = updated(Change(aspect=Aspect.OP), one=RELU, two=site("tanh", line=9))

    assert message(edit) == "candidate has tanh (m.py:9) in the place of relu_1 (m.py:7)"
    assert attributes(edit) == {"op": ("relu", "tanh")}
    assert not begins_with_a_name(edit)


@pytest.mark.parametrize(
    ("changes", "text", "data"),
    [
        (
            (weight("bias", "trainable", True, False), weight("kernel", "trainable", True, False)),
            "bias and kernel trainable in the reference, frozen in the candidate",
            {"bias.trainable": (True, False), "kernel.trainable": (True, False)},
        ),
        (
            (weight("kernel", "dtype", "float32", "float16"),),
            "kernel dtype float32 in the reference, float16 in the candidate",
            {"kernel.dtype": ("float32", "float16")},
        ),
        (
            (weight("kernel", "regularizer", "l2(l2=0.01)", None),),
            "kernel_regularizer l2(l2=0.01) in the reference, None in the candidate",
            {"kernel_regularizer": ("l2(l2=0.01)", None)},
        ),
        (
            (weight("kernel", "initializer", "value drawn at random", "value a6e48bb3"),),
            "kernel_initializer values drawn at random in the reference, values given in the code in the candidate",
            {"kernel_initializer": ("value drawn at random", "value a6e48bb3")},
        ),
        (
            (weight("kernel", "fans", (3, 4), (5,)),),
            "kernel_initializer by fan_in 3 and fan_out 4 in the reference, a fan of 5 in the candidate",
            {"kernel_initializer_fans": ((3, 4), (5,))},
        ),
        (
            (Change(aspect=Aspect.SEED, values=((), ("drop_1", "drop_2"))),),
            "seed of its own in the reference, the same as drop_1 and drop_2 in the candidate",
            {"seed": ("of its own", "the same as drop_1 and drop_2")},
        ),
    ],
)
def test_settings_of_weights(changes: tuple[Change, ...], text: str, data: dict[str, Any]) -> None:
    conv = site("conv", "conv2d", 5, display="Conv2D")
    edit = updated(*changes, two=conv, rung="weights", owners=("stem/conv", "stem/conv"))

    assert message(edit) == f"weights of stem/conv (m.py:3 and m.py:5): {text}"
    assert attributes(edit) == data
    assert not begins_with_a_name(edit)


def test_weights_are_told_by_the_names_of_both_layers() -> None:
    edit = updated(weight("kernel", "trainable", True, False), rung="weights", owners=("dense_1", "fc2"))

    said = "weights of dense_1 (m.py:3) → fc2 (m.py:3): kernel trainable in the reference, frozen in the candidate"
    assert message(edit) == said


def test_compile_settings_have_no_node() -> None:
    change = Change(aspect=Aspect.COMPILE, name="optimizer.momentum", values=("0", "0.9"))
    edit = updated(change, one=None, two=None, rung="weights")

    assert message(edit) == "compile settings: optimizer.momentum 0 in the reference, 0.9 in the candidate"
    assert attributes(edit) == {"optimizer.momentum": ("0", "0.9")}


def test_a_move_says_what_it_stands_behind() -> None:
    edit = Move(op="relu", reference=RELU, candidate=RELU, behind=((), (CONV, NORM)))

    assert message(edit) == (
        "relu_1 (m.py:7) stands first in the reference, after stem/conv (Conv2D, m.py:3), "
        "norm (BatchNormalization, m.py:4) in the candidate"
    )
    assert begins_with_a_name(edit)


STATE = Neighbour(site=site("lstm", line=1, display="LSTM"), result=2)
SAME = Neighbour(site=site("bn", "batch_normalization", display="BatchNormalization"), counterpart="norm")
BARE = Neighbour(site=site("x", "x"), counterpart="y")


@pytest.mark.parametrize(
    ("wiring", "text"),
    [
        (
            MaskIgnored(applied_by="candidate"),
            "candidate applies the mask in stem/conv (Conv2D, m.py:3), but reference ignores it",
        ),
        (
            OtherOperands(takes=((STATE,), (SAME, BARE))),
            "stem/conv (Conv2D, m.py:3) takes cell output h of lstm (LSTM, m.py:1) in the reference, "
            "bn (BatchNormalization; the counterpart of norm) and x (the counterpart of y) in the candidate",
        ),
        (
            OtherOperands(takes=((STATE, SAME), (SAME, STATE)), reordered=True),
            "stem/conv (Conv2D, m.py:3) takes cell output h of lstm and bn in the reference, bn and cell output h of "
            "lstm in the candidate (m.py:3): in another order",
        ),
        (
            OtherSharing(shares=((SAME,), ())),
            "in the reference stem/conv (Conv2D, m.py:3) shares weights with bn (BatchNormalization; the counterpart "
            "of norm), in the candidate stem/conv (Conv2D, m.py:3) has weights of its own, not shared",
        ),
        (
            OtherSharing(shares=((SAME,), (BARE,)), more=(0, 2), generator=True),
            "in the reference stem/conv (Conv2D, m.py:3) shares a random generator with bn (BatchNormalization; the "
            "counterpart of norm), in the candidate stem/conv (Conv2D, m.py:3) shares a random generator with x (the "
            "counterpart of y) and 2 more: shared with others",
        ),
        (
            OtherEnds(
                ends=(End(number=0, reference=CONV, candidate=RELU), End(number=2, reference=RELU, candidate=CONV)),
                reordered=True,
            ),
            "outputs in another order: output 0 is stem/conv (Conv2D, m.py:3) in the reference, relu_1 (m.py:7) in the "
            "candidate; output 2 is relu_1 (m.py:7) in the reference, stem/conv (Conv2D, m.py:3) in the candidate",
        ),
        (
            OtherEnds(ends=(End(number=-1, reference=CONV, candidate=RELU),)),
            "a loss is stem/conv (Conv2D, m.py:3) in the reference, relu_1 (m.py:7) in the candidate",
        ),
    ],
)
def test_other_connections(wiring: Wiring, text: str) -> None:
    edit = rewired(wiring)

    assert message(edit) == text
    assert begins_with_a_name(edit) == isinstance(wiring, OtherOperands)


def test_a_concatenation_in_another_order_says_so() -> None:
    edit = rewired(OtherOperands(takes=((STATE,), (STATE,)), reordered=True), one=site("concat"), two=site("concat"))

    assert message(edit).endswith(": concatenated in another order")


@pytest.mark.parametrize(
    ("one", "name", "call"),
    [
        (site("block/relu_2:3", "relu"), "relu", "block/relu_2:3"),
        (site("block/activate", "relu", 5), "relu", "block/activate (relu, m.py:5)"),
        (CONV, "Conv2D", "stem/conv (Conv2D, m.py:3)"),
        (site("act", "relu", display="Activation"), "Activation (relu)", "act (Activation, relu)"),
        (site("act", "relu", display="ReLU"), "ReLU", "act (ReLU)"),
        (site("act", "relu6", display="ReLU"), "ReLU (relu6)", "act (ReLU, relu6)"),
    ],
)
def test_a_node_is_named_by_its_id_and_by_what_that_does_not_say(one: Site, name: str, call: str) -> None:
    assert name_of(one) == name
    assert call_of(one) == call


def test_two_calls_of_one_name_are_told_in_one_breath() -> None:
    assert calls_of(RELU, site("relu_1", "relu", 9)) == "relu_1 (m.py:7 and m.py:9)"
    assert calls_of(RELU, RELU) == "relu_1 (m.py:7)"
    assert calls_of(RELU, NORM) == "relu_1 (m.py:7) → norm (BatchNormalization, m.py:4)"


def test_long_settings_are_cut() -> None:
    assert shown(1 / 3) == "0.3333333"
    assert shown("plain") == "plain"
    long = shown(tuple(float(number) for number in range(200)))
    assert long.startswith("(0, 1, 2, ")
    assert long.endswith("…")
    assert len(long) == 145


CELL = {"class_name": "GRUCell", "config": {"units": 6, "name": "gru_cell"}}
POSITIONS = np.arange(96, dtype=np.float32).reshape(1, 12, 8)


def table(array: np.ndarray[Any, np.dtype[np.float32]], digest: str) -> Table:
    return Table(digest, array.shape, array.dtype.name, array.tobytes())


@pytest.mark.parametrize(
    ("one", "two", "text"),
    [
        ((CELL, CELL), (CELL, {**CELL, "config": {"units": 7, "name": "b"}}), "s[1].units 6 {}, 7 {}"),
        ((CELL, CELL), (CELL, {**CELL, "config": {"units": 6, "name": "b"}}), "s[1].name gru_cell {}, b {}"),
        (CELL, {**CELL, "class_name": "LSTMCell"}, "s.class_name GRUCell {}, LSTMCell {}"),
        (CELL, None, "s GRUCell {}, None {}"),
        (tuple(range(9)), (*range(8), 9), "s of shape (9,): 1 of 9 values differ, the first at 8: 8 {}, 9 {}"),
        (
            (table(POSITIONS, "a"),),
            (table(POSITIONS % 90, "b"),),
            "s of shape (1, 12, 8): 6 of 96 values differ, the first at (0, 11, 2): 90 {}, 0 {}",
        ),
        (Table("a", (4, 9)), Table("b", (4, 9)), "s a table of shape (4, 9) {}, another table of shape (4, 9) {}"),
        (Table("a", (4, 9)), Table("b", (4, 8)), "s a table of shape (4, 9) {}, a table of shape (4, 8) {}"),
        ((1, 2), (1, 3), "s (1, 2) {}, (1, 3) {}"),
        ("1", 1, "s '1' {}, 1 {}"),
        (0.1 + 0.2, 0.3, "s 0.30000000000000004 {}, 0.3 {}"),
    ],
)
def test_of_large_settings_what_differs_is_told(one: Any, two: Any, text: str) -> None:
    (told,) = contrasts("s", one, two)

    assert str(told) == text.format("in the reference", "in the candidate")


def test_a_table_crosses_the_pipe_and_is_its_digest() -> None:
    sent = pickle.loads(pickle.dumps(table(POSITIONS, "5f2e"), protocol=pickle.HIGHEST_PROTOCOL))

    assert (sent, sent.shape, sent.dtype, len(sent.data)) == ("5f2e", (1, 12, 8), "float32", 384)
    assert (repr(sent), hash(sent)) == ("'5f2e'", hash("5f2e"))
