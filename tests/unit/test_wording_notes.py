"""What a worker noticed of a model, in words: one row a fact, to the letter."""

from __future__ import annotations

import pytest

from kerasdiff.findings import Fact, Finding, Site
from kerasdiff.graph import Source
from kerasdiff.report.wording.findings.notes import SENTENCES, note

LINE = Source(file="m.py", line=7)
LAYER = Site(node="body/drop", kind="layer", source=LINE)
MASK = (Site(node="words", kind="layer", source=LINE), Site(node="", display="reduce_mean", source=LINE))
TRAINS = Finding(fact=Fact.LINE_LEFT_OUT, names=("trains", "model.fit()"), sources=(LINE,))
SHAPE = {"shape": (32, 32, 3)}

ROWS = [
    (
        Finding(fact=Fact.ARGUMENT_FROM_INPUT, names=("m.py:Net", "input_shape"), settings={"value": (8, 8, 1)}),
        "m.py:Net: input_shape=(8, 8, 1) taken from --input",
    ),
    (
        Finding(fact=Fact.ARGUMENT_FROM_DEFAULT, names=("m.py:Net", "num_classes"), settings={"value": 10}),
        "m.py:Net: num_classes=10 inferred from the CIFAR-10 default",
    ),
    (
        Finding(fact=Fact.ARGUMENT_FROM_DATACLASS, names=("m.py:make", "cfg", "Cfg")),
        "m.py:make: cfg made as Cfg(), with its defaults",
    ),
    (
        Finding(fact=Fact.ARGUMENT_FROM_PARSER, names=("m.py:make", "args", "parser (m.py:4)")),
        "m.py:make: args taken from the defaults of the argument parser parser (m.py:4)",
    ),
    (
        Finding(fact=Fact.BUILT_FILES_KEPT, names=("git:main:m.py:make", "pkg/_version.py")),
        "git:main:m.py:make: pkg/_version.py taken as built here, for git ignores what a build writes",
    ),
    (
        Finding(fact=Fact.INSTALLED_COPY, names=("git:main:m.py:make", "pkg")),
        "git:main:m.py:make: pkg taken from the revision, though installed here as a copy of this repository; a model "
        "of the working tree imports that copy, unless it is installed by pip install -e",
    ),
    (
        Finding(fact=Fact.ITEM_TAKEN, names=("m.py:make", "Functional", "make[1]")),
        "m.py:make: make[1] (Functional) taken, the one model in what it gives",
    ),
    (
        Finding(fact=Fact.TARGET_FOUND, names=("m.py", "Net")),
        "m.py: Net taken, the one model in it",
    ),
    (
        Finding(fact=Fact.INSTANCE_MADE, names=("m.py:Factory.build", "Factory")),
        "m.py:Factory.build: taken of an instance of Factory that was made for it",
    ),
    (
        Finding(
            fact=Fact.LOADED_BY_DEFINITIONS,
            names=("m.py:model", "m.py"),
            settings={"left_out": ((3, 3), (7, 9)), "within": ""},
            parts=(TRAINS, Finding(fact=Fact.LINE_LEFT_OUT, names=("missing", "wandb"), sources=(LINE,))),
        ),
        "m.py:model: m.py was loaded by its definitions: it trains at line 7 (model.fit()), imports wandb at line 7 "
        "(not installed here); lines 3, 7-9 left out",
    ),
    (
        Finding(
            fact=Fact.LOADED_BY_DEFINITIONS,
            names=("m.py:main.model", "m.py"),
            settings={"left_out": [], "within": "main"},
            parts=(TRAINS,),
        ),
        "m.py:main.model: m.py was loaded by its definitions: it trains at line 7 (model.fit()); these were left out; "
        "the name is of its function main",
    ),
    (
        Finding(fact=Fact.CALLED_BY_PARTS, names=("m.py:vae", "VAE", "encoder", "decoder")),
        "m.py:vae: VAE has no call(): its sub-models encoder, decoder were called, each on inputs of its own",
    ),
    (TRAINS, "trains (model.fit())"),
    (
        Finding(fact=Fact.COMPILE_SETTINGS_LEFT_OUT, names=("m.keras",), cause="ValueError: no loss"),
        "m.keras: loaded without its compile settings: ValueError: no loss",
    ),
    (
        Finding(fact=Fact.INPUT_FROM_ARGUMENT, names=("m.py:Net", "input_shape"), settings=SHAPE),
        "m.py:Net: input (32, 32, 3) taken from the constructor argument input_shape",
    ),
    (
        Finding(fact=Fact.INPUT_FROM_ATTRIBUTE, names=("m.py:Net", "shape"), settings=SHAPE),
        "m.py:Net: input (32, 32, 3) taken from the model's attribute shape",
    ),
    (
        Finding(fact=Fact.INPUT_FROM_DEFAULT, names=("m.py:Net",), settings={**SHAPE, "dtype": "float32"}),
        "m.py:Net: input (32, 32, 3) float32 inferred from the CIFAR-10 default",
    ),
    (
        Finding(
            fact=Fact.DTYPE_AS_DECLARED,
            names=("m.py:Net", "ids"),
            settings={"declared": "float32", "asked": "int32"},
        ),
        "m.py:Net: input ids stays float32 as declared, not int32 as --input says",
    ),
    (
        Finding(fact=Fact.RANGE_CUT, names=("m.py:Net", "ids"), figures={"last": 19}),
        "m.py:Net: values of ids end at 19, the last row of its embedding table",
    ),
    (
        Finding(fact=Fact.NOT_TRACEABLE, names=("training",), cause="ValueError: no"),
        "cannot be traced in training mode: ValueError: no",
    ),
    (
        Finding(
            fact=Fact.NOT_TRACEABLE,
            names=("inference", "training"),
            sources=(LINE,),
            cause="TypeError: no. And more",
            parts=(Finding(fact=Fact.DECIDES_ON_DATA, cause="TypeError: no"),),
        ),
        "cannot be traced in inference or training mode (m.py:7): Python decides on the value of a tensor there, which "
        "no graph can hold (TypeError: no)",
    ),
    (
        Finding(fact=Fact.LAYER_NEVER_CALLED, sites=(Site(node="spare", kind="layer"),)),
        "layer spare is created but never called",
    ),
    (
        Finding(fact=Fact.LAYER_MADE_ANEW, sites=(LAYER,)),
        "layer body/drop (m.py:7) is created anew in each call",
    ),
    (
        Finding(fact=Fact.WEIGHTS_MADE_ANEW, sites=(LAYER,)),
        "layer body/drop (m.py:7) is created anew in each call, with new weights that are never trained",
    ),
    (
        Finding(fact=Fact.RANDOM_STATE_MADE_ANEW, sites=(LAYER,)),
        "layer body/drop (m.py:7) is created anew in each call, with a new random state",
    ),
    (Finding(fact=Fact.VARIABLE_MADE_ANEW, names=("v",)), "variable v is created anew in each call"),
    (Finding(fact=Fact.VARIABLE_UNTRACKED, names=("v:0",)), "variable v:0 is not tracked by the model"),
    (
        Finding(fact=Fact.MODE_HARD_CODED, sites=(LAYER,), names=("inference",)),
        "layer body/drop (m.py:7) is called with training=True, also at inference",
    ),
    (
        Finding(fact=Fact.MODE_HARD_CODED, sites=(LAYER,), names=("training",)),
        "layer body/drop (m.py:7) is called with training=False, also in training",
    ),
    (
        Finding(fact=Fact.FIT_IN_INFERENCE, names=("Net", "statistics"), sites=(LAYER,)),
        "`Net.call` takes no `training` argument, so fit runs it in inference mode: `body/drop` never learns its "
        "statistics (m.py:7)",
    ),
    (
        Finding(fact=Fact.FIT_IN_INFERENCE, names=("Net", "drops", "acts", "drops"), sites=(LAYER, LAYER, LAYER)),
        "`Net.call` takes no `training` argument, so fit runs it in inference mode: `body/drop` never drops (m.py:7), "
        "`body/drop` never acts (m.py:7) and 1 more",
    ),
    (Finding(fact=Fact.WEIGHT_NEVER_READ, weights=("scale",), sources=(LINE,)), "weight scale (m.py:7) is never read"),
    (
        Finding(fact=Fact.MASK_LOST, sites=(*MASK, Site(node="lstm", kind="layer", source=LINE))),
        "the mask of words is lost in reduce_mean (m.py:7); lstm (m.py:7), which would use it, gets none",
    ),
    (
        Finding(fact=Fact.MASK_UNUSED, sites=MASK),
        "the mask of words is lost in reduce_mean (m.py:7); nothing uses it",
    ),
]


@pytest.mark.parametrize(("finding", "says"), ROWS, ids=lambda value: getattr(value, "fact", Fact.OPTION).name)
def test_each_fact_says_its_sentence(finding: Finding, says: str) -> None:
    assert note(finding) == says


def test_every_sentence_has_a_row() -> None:
    spoken = {finding.fact for finding, _ in ROWS} | {part.fact for finding, _ in ROWS for part in finding.parts}

    assert spoken == set(SENTENCES)
