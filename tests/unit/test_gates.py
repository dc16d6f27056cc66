"""The file of gates: what it may say, the sentence for each mistake, and how a pair stands."""

from __future__ import annotations

import io
import json
import re
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from other_python import made_environment, site_of
from referencing import Registry
from report_samples import forum
from rich.console import Console
from wheels import unpacked, wheel

from kerasdiff.checking.preparing import ready
from kerasdiff.comparison import Comparison, Reason, Verdict
from kerasdiff.errors import GatesError
from kerasdiff.findings import Fact, Finding
from kerasdiff.gates.judging import judged, options_on
from kerasdiff.gates.keys import PAIR as PAIR_KEYS
from kerasdiff.gates.lines import Lines
from kerasdiff.gates.mutants import Fate, Proof, Proved, Tried
from kerasdiff.gates.reading import chosen, find, read
from kerasdiff.gates.records import Checked, CheckedPair, Gate, Standing, Trouble, Why
from kerasdiff.gates.writing import Proposed, first_file
from kerasdiff.report.commands.check import check_json, read_check, render_check
from kerasdiff.report.saved import SavedError, shown
from kerasdiff.report.schema import CHECK, schema_text
from kerasdiff.report.wording.gates import assumed, command, to_pass
from kerasdiff.side.mutations import Mutation

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCHEMA = json.loads(schema_text(CHECK))
SCHEMAS = Registry().with_contents([("urn:kerasdiff:1", json.loads(schema_text()))])
PAIR = '[pairs.net]\nreference = "a.py:A"\ncandidate = "b.py:B"\n'
DUE = 'ignore = [{ what = "names", reason = "r", until = 2027-01-01 }]\n'


def written(tmp_path: Path, text: str, name: str = "kerasdiff.toml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def said(tmp_path: Path, text: str) -> str:
    with pytest.raises(GatesError) as caught:
        read(written(tmp_path, text), "kerasdiff.toml")
    return caught.value.message


WRONG = {
    "no TOML": ("[pairs.net\n", "1 is no TOML: expected ']' at the end of a table declaration."),
    "no pair": ("", "1: pairs holds no pair; write [pairs.NAME] with reference and candidate, or let"),
    "unknown top": ("[pair.net]\n", "1: pair is no key here; did you mean pairs?"),
    "far top": ("x = 1\n", "1: x is no key here; it must be one of base, defaults, pairs."),
    "objects": (PAIR + 'custom_objects = ["a.txt"]\n', '4: pairs.net.custom_objects.1 cannot be "a.txt": name the'),
    "base": ("base = 1\n" + PAIR, '1: base must be a text in quotes, as in "old.py:Net", not 1.'),
    "empty base": ('base = ""\n' + PAIR, "1: base is empty."),
    "defaults": ("defaults = 3\n" + PAIR, "1: defaults must be a table, not 3."),
    "default": ('[defaults]\nrequired = "proof"\n' + PAIR, "2: defaults.required is no key here; did you"),
    "target in defaults": (f'[defaults]\ntarget = "a.py:A"\n{PAIR}', "2: defaults.target is no key here;"),
    "pairs": ("pairs = 1\n", "1: pairs must be a table, not 1."),
    "pair": ("[pairs]\nnet = true\n", "2: pairs.net must be a table, not true."),
    "name": ('[pairs.-x]\ntarget = "a.py:A"\n', "1: pairs.-x is no name for a pair: give it one that can"),
    "key": ('[pairs.net]\n\n# odd\nrefrence = "a"\n', "4: pairs.net.refrence is no key here; did you mean"),
    "no reference": ('[pairs.net]\ncandidate = "a.py:A"\n', "1: pairs.net names no reference: write"),
    "no candidate": ('[pairs.net]\nreference = "a.py:A"\n', "1: pairs.net names no candidate: write"),
    "no model": ("[pairs.net]\nseed = 1\n", "1: pairs.net names no model: write reference and candidate,"),
    "both ways": (PAIR + 'target = "a.py:A"\n', "1: pairs.net names reference and target: write"),
    "against": (PAIR + 'against = "main"\n', "4: pairs.net.against is of a pair with target: this one"),
    "to": (PAIR + 'to = ["keras==3.14"]\n', "4: pairs.net.to is of a pair with target: that is compared with itself"),
    "to a Python": (
        '[pairs.net]\ntarget = "a.py:A"\ncandidate_python = "old"\nto = ["keras==3.14"]\n',
        "4: pairs.net.to compares the target with itself, and candidate_python does so in another environment: write",
    ),
    "to nothing": ('[pairs.net]\ntarget = "a.py:A"\nto = []\n', '3: pairs.net.to is empty; write one, as in ["tensor'),
    "reference": ('[pairs.net]\nreference = ["a"]\n', '2: pairs.net.reference must be a text in quotes, as'),
    "inputs": (PAIR + 'inputs = "32,32"\n', '4: pairs.net.inputs must be an array, as in ["32,32,3"], not'),
    "no inputs": (PAIR + "inputs = []\n", '4: pairs.net.inputs is empty; write one, as in ["32,32,3"], or'),
    "input": (PAIR + 'inputs = [\n "3",\n "3x3",\n]\n', '4: pairs.net.inputs.2 cannot be "3x3": write'),
    "input dtype": (PAIR + 'inputs = ["3:real"]\n', "4: pairs.net.inputs.1 cannot be \"3:real\": 'real' is"),
    "seed": (PAIR + 'seed = "1"\n', '4: pairs.net.seed must be a whole number from 0 to 4294967295, not "1".'),
    "large seed": (PAIR + "seed = 4294967296\n", "4: pairs.net.seed must be a whole number from 0 to"),
    "seed as flag": (PAIR + "seed = true\n", "4: pairs.net.seed must be a whole number from 0 to"),
    "steps": (PAIR + "fit_steps = 0\n", "4: pairs.net.fit_steps must be a whole number of at least 1, not 0."),
    "timeout": (PAIR + "timeout = 0\n", "4: pairs.net.timeout must be a number of more than 0, not 0."),
    "search": (PAIR + "search = -1\n", "4: pairs.net.search must be a number of at least 0, not -1."),
    "fit": (PAIR + 'fit = "no"\n', '4: pairs.net.fit must be true or false, not "no".'),
    "data": (PAIR + 'fit = false\ndata = "d.npz"\n', "5: pairs.net.data is of a fit, and fit is off here."),
    "require": (PAIR + 'require = "profo"\n', '4: pairs.net.require cannot be "profo"; did you mean proof?'),
    "device": (PAIR + 'device = "tpu"\n', '4: pairs.net.device must be auto, cpu, gpu or gpu:N, not "tpu".'),
    "expect": (PAIR + 'expect = "same"\n', '4: pairs.net.expect cannot be "same"; it must be one of equivalent,'),
    "edits alone": (PAIR + 'edits = ["insert relu"]\n', "4: pairs.net.edits are edits of a pair that is to"),
    "edit": (PAIR + 'expect = "different"\nedits = ["relu"]\n', '5: pairs.net.edits.1 cannot be "relu"; write'),
    "rung": (PAIR + 'rungs = ["training"]\n', '4: pairs.net.rungs.1 cannot be "training"; did you mean'),
    "rung twice": (PAIR + 'rungs = ["fit", "fit"]\n', '4: pairs.net.rungs.2 names "fit" twice.'),
    "rung off": (PAIR + 'fit = false\nrungs = ["fit"]\n', "5: pairs.net.rungs.1 has to be equal, and fit is"),
    "rungs of different": (
        PAIR + 'expect = "different"\nrungs = ["inference"]\n',
        "5: pairs.net.rungs are of a pair that is to be equivalent; this one is to differ.",
    ),
    "ignore": (PAIR + 'ignore = ["names"]\n', "4: pairs.net.ignore.1 must be a table, as in { what ="),
    "ignore what": (PAIR + DUE.replace("names", "name"), '4: pairs.net.ignore.1.what cannot be "name"; did'),
    "ignore reason": (PAIR + DUE.replace('reason = "r", ', ""), "4: pairs.net.ignore.1 has no reason: write"),
    "ignore blank": (PAIR + DUE.replace('"r"', '" "'), "4: pairs.net.ignore.1.reason is empty."),
    "ignore until": (PAIR + DUE.replace("2027-01-01", '"2027-01-01"'), "4: pairs.net.ignore.1.until must be a"),
    "ignore time": (PAIR + DUE.replace("-01 }", "-01T10:00:00 }"), "4: pairs.net.ignore.1.until must be a"),
    "ignore key": (PAIR + DUE.replace("until", "untill"), "4: pairs.net.ignore.1.untill is no key here; did"),
    "ignore twice": (
        PAIR + "".join(f'[[pairs.net.ignore]]\nwhat = "names"\nreason = "{n}"\nuntil = 2027-01-01\n' for n in "ab"),
        '8: pairs.net.ignore.2 names "names" twice.',
    ),
}  # fmt: skip
"""A file, and how the sentence begins that says what is wrong with it, and where."""


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=list(WRONG))
def test_a_mistake_gets_a_sentence_with_its_line(text: str, sentence: str, tmp_path: Path) -> None:
    message = said(tmp_path, text)

    assert message.startswith(f"kerasdiff.toml:{sentence}"), message
    assert "\n" not in message


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    text = """
base = "main"
[defaults]
inputs = ["32,32,3"]
fit = false
ignore = [
  { what = "names", reason = "renamed", until = 2027-01-01 },
]

[pairs.body]
reference = "old.kerasdiff"
candidate = "new.py:Net"
seed = 3
[[pairs.body.ignore]]
what = "initializer"
reason = "he_normal on purpose"
until = 2027-02-01

[pairs.head]
target = "new.py:head"
against = "v1"
fit = true
data = "data.npz"
require = "numeric"
rungs = ["inference", "checkpoint"]
"""
    gates = read(written(tmp_path, text), "kerasdiff.toml")
    body, head = gates.gates

    assert (gates.base, gates.here) == ("main", str(tmp_path))
    assert (body.line, body.reference, body.candidate) == (10, "old.kerasdiff", "new.py:Net")
    assert (body.options.fit, body.options.seed, body.options.ignore) == (False, 3, ("initializer", "names"))
    assert [(item.what, item.line) for item in body.ignores] == [("initializer", 14), ("names", 6)]
    assert body.given == ("32,32,3",)
    assert body.options.inputs[0].shape == (32, 32, 3)
    assert (head.reference, head.candidate, head.against) == ("", "new.py:head", "v1")
    assert (head.options.data, head.options.fit) == (str(tmp_path / "data.npz"), True)
    assert (head.options.require_checkpoint, head.rungs) == (True, ("inference", "checkpoint"))


def test_a_guessed_input_is_said_in_the_table(tmp_path: Path) -> None:
    guessed = Finding(fact=Fact.INPUT_FROM_DEFAULT, names=("a.py:A",), settings={"shape": (32, 32, 3)})
    sure = forum()
    guess = replace(sure, terms=replace(sure.terms, inferred=((guessed,), ())))

    assert assumed(judged(gate(tmp_path, ""), replace(sure, terms=replace(sure.terms, inferred=((), ()))), TODAY)) == ""
    pair = judged(gate(tmp_path, ""), guess, TODAY)
    stream = io.StringIO()
    render_check(Checked(path="k.toml", pairs=(pair,), today=TODAY), Console(file=stream, width=100, no_color=True))
    assert "different  input guessed as 32,32,3; say `inputs`\n" in stream.getvalue()


def test_what_is_to_be_deleted_is_named_by_its_own_line(tmp_path: Path) -> None:
    known = gate(tmp_path, 'seed = 1\nexpect = "different"\nedits = ["insert relu"]\n')
    checked = Checked(path="k.toml", pairs=(judged(known, forum(), TODAY),), today=TODAY)
    pair = replace(checked.pairs[0], why=Why.EQUIVALENT)

    assert to_pass(pair, checked) == ("Delete `expect` and `edits` (k.toml:5 and 6).",)


def test_what_may_be_run_to_load_saved_models_is_said_by_the_file(tmp_path: Path) -> None:
    for name in ("old.json", "new.json"):
        (tmp_path / name).write_text('{"class_name": "Mine", "config": {}}')
    (tmp_path / "own.py").write_text("")
    pair = '[pairs.net]\nreference = "old.json"\ncandidate = "new.json"\n'
    both = 'custom_objects = ["own.py", "reference=own.py"]\n'
    gates = read(written(tmp_path, f"[defaults]\nunsafe = true\n{both}{pair}"))
    (one,), own = ready(gates), str(tmp_path / "own.py")
    (lost,) = ready(read(written(tmp_path, pair + 'custom_objects = ["lost.py"]\n')))

    assert [(target.unsafe, target.objects) for target in one.targets] == [(True, (own, own)), (True, (own,))]
    asked = command(judged(gates.gates[0], forum(), TODAY))
    assert f"--unsafe --custom-objects {own} --custom-objects reference={own}" in " ".join(asked)
    assert lost.trouble is not None
    assert lost.trouble.message == (
        f"{tmp_path / 'lost.py'} of `custom_objects` is no file: name the one that defines the classes."
    )


def test_each_side_may_have_another_python(tmp_path: Path) -> None:
    other = made_environment(tmp_path / "old")
    (tmp_path / "a.py").write_text("def A():\n    pass\n")
    pair = '[pairs.net]\nreference = "a.py:A"\ncandidate = "a.py:A"\n'
    gates = read(written(tmp_path, f'[defaults]\nreference_python = "old"\nbackend = "jax"\n{pair}'))
    (one,) = ready(gates)
    (lost,) = ready(read(written(tmp_path, f'{pair}candidate_python = "lost/bin/python"\n')))

    assert [target.python for target in one.targets] == [str(other), ""]
    assert command(judged(gates.gates[0], forum(), TODAY))[4:10] == [
        *("--reference-python", "old", "--reference-backend", "jax"),
        *("--candidate-backend", "jax"),
    ]
    assert lost.trouble is not None
    assert lost.trouble.message.startswith("candidate_python: there is no lost/bin/python; name an interpreter")


def test_a_target_may_be_compared_in_an_environment_that_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_environment(tmp_path / "old")
    unpacked(wheel(tmp_path / "wheels", "mylayers", "1.0", ""), site_of(tmp_path / "old"))
    made = wheel(tmp_path / "wheels", "mylayers", "2.0", "")
    for name, value in (("PIP_NO_INDEX", "1"), ("PIP_CONFIG_FILE", "/dev/null"), ("KERASDIFF_CACHE", str(tmp_path))):
        monkeypatch.setenv(name, value)
    (tmp_path / "a.py").write_text("import mylayers\n\n\ndef A():\n    pass\n")
    pair = '[pairs.net]\ntarget = "a.py:A"\nreference_python = "old"\n'
    gates = read(written(tmp_path, f'{pair}to = ["./wheels/{made.name}"]\n'))
    made_for: list[str] = []
    (one,), again = (ready(gates, making=lambda gate, plan: made_for.append(f"{gate.name} {plan.lent}")) for _ in "ab")
    (lost,) = ready(read(written(tmp_path, f'{pair}to = ["lost.whl"]\n')))

    assert one.trouble is None, one.trouble
    assert (made_for, again) == (["net True"], (one,)), "it is said once, where it is made"
    reference, candidate = one.targets
    assert reference == replace(candidate, python=reference.python)
    assert Path(candidate.python).is_relative_to(tmp_path / "environments")
    assert command(judged(gates.gates[0], forum(), TODAY))[1:5:2] == ["upgrade", "--to"]
    assert lost.trouble is not None
    assert lost.trouble.message == "to = 'lost.whl': there is no such file or directory."


def test_only_the_rungs_that_are_asked_for_run_a_fit(tmp_path: Path) -> None:
    def fits(more: str) -> bool:
        return read(written(tmp_path, PAIR + more)).gates[0].options.fit

    assert [fits(""), fits('rungs = ["inference"]'), fits('rungs = ["fit"]')] == [True, False, True]


def test_the_nearest_file_upwards_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    shared = written(tmp_path, PAIR.replace("pairs", "tool.kerasdiff.pairs"), "pyproject.toml")
    written(inner, "[project]\nname = 'x'\n", "pyproject.toml")

    assert find(inner) == shared
    own = written(tmp_path / "a", PAIR)
    assert find(inner) == own
    assert read(shared).gates == read(own).gates


def test_a_shared_file_says_its_own_line(tmp_path: Path) -> None:
    text = "[project]\nname = 'x'\n\n" + PAIR.replace("pairs", "tool.kerasdiff.pairs") + "sed = 1\n"
    with pytest.raises(GatesError, match=r"^pyproject.toml:7: pairs.net.sed is no key here; did you mean seed\?$"):
        read(written(tmp_path, text, "pyproject.toml"), "pyproject.toml")
    with pytest.raises(GatesError, match=r"there is no \[tool.kerasdiff\] in it; write \[tool.kerasdiff.pairs.NAME\]"):
        read(written(tmp_path, "[project]\n", "pyproject.toml"), "pyproject.toml")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(GatesError, match=r"no.toml cannot be read: No such file or directory\.$"):
        read(tmp_path / "no.toml")
    (tmp_path / "kerasdiff.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(GatesError, match="is not UTF-8"):
        read(tmp_path / "kerasdiff.toml")
    (tmp_path / "kerasdiff.toml").unlink()
    with pytest.raises(GatesError, match=r"^no gates are written down for"):
        find(tmp_path / "nowhere")


def test_pairs_are_chosen_by_name(tmp_path: Path) -> None:
    gates = read(written(tmp_path, PAIR + PAIR.replace("net", "other")), "kerasdiff.toml")

    assert [gate.name for gate in chosen(gates, ("other",)).gates] == ["other"]
    assert chosen(gates, ()) == gates
    with pytest.raises(GatesError, match=r"^kerasdiff.toml has no pair nett; did you mean net\?$"):
        chosen(gates, ("nett",))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 1),
        (("t",), 3),
        (("t", "x"), 4),
        (("t", "x", 1), 4),
        (("t", "y z", "deep"), 9),
        (("t", "gone"), 3),
        (("s", 0), 11),
        (("s", 1, "k"), 14),
        (("s", 1, "in", 1, "v"), 18),
        (("text",), 2),
    ],
)
def test_lines_are_found_in_any_spelling(path: tuple[str | int, ...], line: int) -> None:
    text = '''a.b = 1
text = "[t]"
[t]
x = [
  # one
  1,
  2,
]
"y z".deep = """
[s]"""
[[s]]
k = 1
[[s]]
k = 2
[[s.in]]
v = 1
[[s.in]]
v = 2
'''
    assert Lines(text).of(path) == line


# How a pair stands -------------------------------------------------------------------------------------------

TODAY = date(2026, 11, 27)
EQUAL = replace(forum(), verdict=Verdict(outcome="equivalent", basis="proof", reason=Reason.PROOF), edits=())
OPEN = replace(forum(), verdict=Verdict(outcome="inconclusive", basis=None, reason=Reason.OPEN))


def gate(tmp_path: Path, more: str = "") -> Gate:
    return read(written(tmp_path, PAIR + more), "kerasdiff.toml").gates[0]


DIFFERS = 'expect = "different"\n'


@pytest.mark.parametrize(
    ("more", "known", "standing", "why"),
    [
        ("", EQUAL, Standing.PASSED, None),
        ("", forum(), Standing.FAILED, Why.DIFFERENT),
        ("", OPEN, Standing.INCONCLUSIVE, Why.OPEN),
        (DIFFERS, forum(), Standing.PASSED, None),
        (DIFFERS, EQUAL, Standing.FAILED, Why.EQUIVALENT),
        (DIFFERS, OPEN, Standing.INCONCLUSIVE, Why.OPEN),
        (DIFFERS + 'edits = ["insert relu", "insert relu", "insert relu"]', forum(), Standing.PASSED, None),
        (DIFFERS + 'edits = ["insert relu", "insert relu"]', forum(), Standing.FAILED, Why.EDITS),
        (DIFFERS + "edits = []", forum(), Standing.FAILED, Why.EDITS),
        ('rungs = ["interface"]', forum(), Standing.PASSED, None),
        ('rungs = ["interface", "inference"]', forum(), Standing.FAILED, Why.RUNGS),
        ('rungs = ["interface"]', OPEN, Standing.INCONCLUSIVE, Why.OPEN),
        ('rungs = ["checkpoint"]', replace(forum(), rungs=forum().rungs[:1]), Standing.INCONCLUSIVE, Why.OPEN),
        ('fit = true\nrungs = ["fit"]', replace(EQUAL, rungs=EQUAL.rungs[:1]), Standing.INCONCLUSIVE, Why.OPEN),
        ('rungs = ["inference"]', replace(EQUAL, rungs=()), Standing.PASSED, None),
        (DUE, EQUAL, Standing.PASSED, None),
        (DUE.replace("2027", "2026"), EQUAL, Standing.FAILED, Why.EXPIRED),
        (DUE.replace("2027-01-01", "2026-11-27"), EQUAL, Standing.PASSED, None),
        (DUE.replace("2027-01-01", "2026-11-26"), forum(), Standing.FAILED, Why.EXPIRED),
    ],
)  # fmt: skip
def test_a_pair_stands_as_the_file_says(
    more: str, known: Comparison, standing: Standing, why: Why | None, tmp_path: Path
) -> None:
    pair = judged(gate(tmp_path, more), known, TODAY)

    assert (pair.standing, pair.why) == (standing, why)


def test_what_expired_is_not_ignored(tmp_path: Path) -> None:
    over = gate(tmp_path, DUE.replace("2027", "2026"))

    assert options_on(over, TODAY).ignore == ()
    assert options_on(over, date(2026, 1, 1)).ignore == ("names",)
    assert not judged(over, EQUAL, TODAY).needed
    assert judged(over, forum(), TODAY).needed


def test_the_exit_code_is_of_what_weighs_most(tmp_path: Path) -> None:
    own = gate(tmp_path)
    trouble = Trouble(message="m.py:A: no such file.")
    bug = replace(trouble, internal=True)
    passed, failed, open_ = (judged(own, known, TODAY) for known in (EQUAL, forum(), OPEN))
    unusable, broken = (
        CheckedPair(gate=own, standing=Standing.UNUSABLE, why=Why.TROUBLE, trouble=one) for one in (trouble, bug)
    )

    def code(*pairs: CheckedPair, interrupted: bool = False) -> int:
        return Checked(path="k.toml", pairs=pairs, today=TODAY, interrupted=interrupted).exit_code

    assert [code(), code(passed), code(passed, open_), code(open_, unusable)] == [0, 0, 3, 2]
    assert [code(unusable, failed), code(failed, broken), code(failed, interrupted=True)] == [1, 70, 130]


def test_a_gate_on_which_no_change_could_be_compared_proves_nothing(tmp_path: Path) -> None:
    own, mutation = gate(tmp_path), Mutation(key="relu -> tanh", operator="swap")
    caught, unusable = (Tried(mutation=mutation, fate=fate) for fate in (Fate.CAUGHT, Fate.UNUSABLE))
    broken = replace(unusable, trouble=Trouble(message="a bug", internal=True))

    def code(*tried: Tried) -> int:
        return Proof(path="k.toml", gates=(Proved(gate=own, tried=tried, control=True),)).exit_code

    assert [code(caught), code(caught, unusable), code(unusable), code(), code(caught, broken)] == [0, 0, 2, 2, 70]


def test_the_command_that_compares_a_pair_alone_asks_the_same(tmp_path: Path) -> None:
    more = 'inputs = ["8"]\nfit = false\nseed = 3\nrequire = "proof"\nsearch = 0.5\ndevice = "cpu"\n'
    pair = judged(gate(tmp_path, more), forum(), TODAY)
    program, *asked = command(pair)

    words = "--input 8 --no-fit --seed 3 --search 0.5 --require proof --device cpu"
    assert (program, asked) == (
        "kerasdiff",
        ["compare", forum().reference.target, forum().candidate.target, *words.split()],
    )
    for path, begins in (("kerasdiff.toml", "kerasdiff"), ("../a b/kerasdiff.toml", "cd '../a b' && kerasdiff")):
        told = to_pass(pair, Checked(path=path, pairs=(pair,), today=TODAY))[-1]
        assert told.startswith(f"To see more:\n{begins} compare ")


def shown_again(checked: Checked) -> Checked:
    """The check without what no report shows."""
    kept = (replace(pair, comparison=pair.comparison and shown(pair.comparison)) for pair in checked.pairs)
    return replace(checked, pairs=tuple(kept))


def test_a_check_is_told(tmp_path: Path) -> None:
    own = gate(tmp_path)
    trouble = Trouble(message="m.py:A: no such file.", details="Nearest: n.py.")
    pairs = (
        judged(own, EQUAL, TODAY),
        judged(own, forum(), TODAY),
        judged(gate(tmp_path, DUE.replace("2027", "2026")), EQUAL, TODAY),
        judged(gate(tmp_path, DIFFERS + 'edits = ["delete tanh"]'), forum(), TODAY),
        judged(gate(tmp_path, DIFFERS), EQUAL, TODAY),
        judged(gate(tmp_path, 'rungs = ["interface", "inference"]'), forum(), TODAY),
        CheckedPair(gate=own, standing=Standing.UNUSABLE, why=Why.TROUBLE, trouble=trouble),
        CheckedPair(gate=own, standing=Standing.UNCHANGED),
    )
    checked = Checked(path="kerasdiff.toml", pairs=pairs, today=TODAY, base="main")
    stream = io.StringIO()
    render_check(checked, Console(file=stream, width=100, no_color=True))
    text = stream.getvalue()
    data = json.loads(check_json(checked))

    Draft202012Validator(SCHEMA, registry=SCHEMAS, format_checker=FormatChecker()).validate(data)
    assert read_check(data) == shown_again(checked)
    with pytest.raises(SavedError, match="it is damaged, or was changed"):
        read_check({**data, "exit_code": 0})
    assert text == Path(__file__).with_name("goldens").joinpath("check.txt").read_text()
    assert [pair["standing"] for pair in data["pairs"]].count("failed") == 5
    assert data["summary"] in " ".join(text.replace("│", "").split())
    assert data["pairs"][1]["comparison"]["schema"] == "kerasdiff/1"
    assert data["pairs"][6]["error"] == {"message": trouble.message, "details": trouble.details}


def test_the_gates_of_the_readme_can_be_read(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    text = readme.partition("<!-- gates:begin -->")[2].partition("```toml\n")[2].partition("```")[0]
    gates = read(written(tmp_path, text)).gates

    assert [gate.name for gate in gates] == ["net", "rewrite", "student"]


def test_the_readme_says_every_key() -> None:
    table = (Path(__file__).parents[2] / "README.md").read_text().partition("| key | says |")[2].partition("\n\n")[0]

    assert set(re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:]))) == set(PAIR_KEYS)


def test_a_first_file_gates_what_is_sure(tmp_path: Path) -> None:
    models = (
        Proposed(target="a.py:Net", name="Net"),
        Proposed(target="b.py:Net", name="Net"),
        Proposed(target='c.py:make("x")', name="make", doubt="needs width: (width)"),
        Proposed(target="d.py:Größe", name="Größe"),
    )
    text = first_file(models, git=True)
    told = tomllib.loads(text)

    assert {name: pair["target"] for name, pair in told["pairs"].items()} == {
        "a-Net": "a.py:Net",
        "b-Net": "b.py:Net",
        "Größe": "d.py:Größe",
    }
    assert '# needs width: (width)\n# [pairs.make]\n# target = "c.py:make(\\"x\\")"' in text
    assert tomllib.loads(first_file(models, git=False))["pairs"]["a-Net"]["reference"] == "a-Net.kerasdiff"
    assert tomllib.loads(first_file(models[2:3], git=True))["pairs"] == {}
    every = re.sub(r"(?m)^# (?=[a-z_]+ = )", "", text.partition("# needs")[0])
    assert len(read(written(tmp_path, every)).gates) == 2  # what is a comment can be used as it stands
