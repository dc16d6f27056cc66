"""Speed, measured as a ratio against the floor in the same run: ``pytest -m benchmark -s tests/benchmarks``.

The floor is what any user pays: one process that imports TensorFlow, builds both models and calls each once. Wall
clock decides, as a user pays it; on a machine with other work processor time is the steadier figure, and it cannot
gain from two workers that run at once. The limits are those of DESIGN §12.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from spending import KERASDIFF, Spent, in_turn, spend

pytestmark = pytest.mark.benchmark

HERE = Path(__file__).parent
FORUM = HERE.parents[1] / "examples" / "forum"
APPLICATIONS = HERE.parent / "tools" / "applications"
PAIRS = HERE.parent / "end_to_end" / "pairs"
RUNS = 3
HELP_S = 0.15
MISTAKE_S = 0.5
FLOAT32 = 4
LARGE = 200
"""Million parameters."""


@dataclass(frozen=True, kw_only=True)
class Race:
    """A comparison against its floor.

    Attributes:
        cwd: Where both targets are to be had.
        imports: What the floor needs for its models.
        models: Both, as Python builds them.
        shape: Of a row of their input, where ``model`` is one of them.
        targets: Both, for the command.
        options: Of the command.
        exit_code: What it says of the pair.
        clock, processor: Most multiples of the floor's; no processor time is held where it is ``None``.
        copies: Of its parameters, most that a process may hold, or ``None``.
        missed: What was measured where a limit is not met yet; empty where it is.
        runs: How often both are run.
    """

    cwd: Path
    imports: str
    models: tuple[str, str]
    shape: str = "model.input_shape[1:]"
    targets: tuple[str, str]
    options: tuple[str, ...] = ("--no-fit",)
    exit_code: int
    clock: float
    processor: float | None = None
    copies: float | None = None
    missed: str = ""
    runs: int = RUNS

    def floor(self) -> Spent:
        """What any user pays."""
        calls = f"for model in [{self.models[0]}, {self.models[1]}]:\n    model(tf.zeros((2, *{self.shape})))"
        program = f"import tensorflow as tf\n{self.imports}\n{calls}"
        return spend(sys.executable, "-B", "-c", program, cwd=self.cwd)

    def command(self) -> Spent:
        """What the comparison takes."""
        words = (KERASDIFF, "compare", *self.options, *self.targets)
        return spend(*words, cwd=self.cwd, exit_code=self.exit_code)


IMAGE = "(32, 32, 3)"
FORUM_PAIR = Race(
    cwd=FORUM,
    imports="from a import ConvModel_1\nfrom b import ConvModel_2",
    models=(f"ConvModel_1({IMAGE})", f"ConvModel_2({IMAGE})"),
    shape=IMAGE,
    targets=("a.py:ConvModel_1", "b.py:ConvModel_2"),
    exit_code=1,
    clock=1.4,
    processor=1.7,
)


def _application(name: str, form: str, *, exit_code: int, clock: float, missed: str = "") -> Race:
    """A network of Keras against one of its forms."""
    return Race(
        cwd=APPLICATIONS,
        imports=f"from targets import itself, {form}\nshape = itself({name!r}).input_shape[1:]",
        models=(f"itself({name!r})", f"{form}({name!r})"),
        shape="shape",
        targets=(f"targets.py:itself(name={name!r})", f"targets.py:{form}(name={name!r})"),
        exit_code=exit_code,
        clock=clock,
        missed=missed,
    )


LARGE_PAIR = Race(
    cwd=HERE,
    imports="from models import WIDTH, Large, large",
    models=(f"large({LARGE})", f"Large({LARGE})"),
    shape="(WIDTH,)",
    targets=(f"models.py:large(millions={LARGE})", f"models.py:Large(millions={LARGE})"),
    options=("--no-fit", "--input", "4096"),
    exit_code=0,
    clock=1.5,
    copies=1.3,
    runs=1,
)
RACES = {
    "forum": FORUM_PAIR,
    "forum, with the default fit": replace(FORUM_PAIR, options=(), clock=2.2, processor=None, missed="2.4 x"),
    "attention by hand": Race(
        cwd=PAIRS,
        imports="from attention import by_hand, multi_head",
        models=("multi_head()", "by_hand()"),
        targets=("attention.py:multi_head", "attention.py:by_hand"),
        exit_code=0,
        clock=2.5,
    ),
    "EfficientNetV2S, wrapped": _application("EfficientNetV2S", "wrapped", exit_code=0, clock=1.4),
    "EfficientNetV2B0, one edit": _application("EfficientNetV2B0", "loosened", exit_code=1, clock=2.5, missed="2.7 x"),
    f"{LARGE} million parameters": LARGE_PAIR,
    f"{LARGE} million parameters, one edit": replace(
        LARGE_PAIR,
        models=(f"large({LARGE})", f"large({LARGE}, edited=True)"),
        targets=(f"models.py:large(millions={LARGE})", f"models.py:large(millions={LARGE}, edited=True)"),
        exit_code=1,
        clock=3.0,
        copies=None,
    ),
}


def _marks(race: Race) -> tuple[pytest.MarkDecorator, ...]:
    return (pytest.mark.xfail(strict=True, reason=f"{race.missed} measured, idle"),) if race.missed else ()


@pytest.mark.parametrize("race", [pytest.param(race, id=name, marks=_marks(race)) for name, race in RACES.items()])
def test_compare_stays_near_the_floor(race: Race, request: pytest.FixtureRequest) -> None:
    floor, spent = in_turn(race.runs, race.floor, race.command)
    clock, processor = spent.clock / floor.clock, spent.processor / floor.processor
    print(f"\n{request.node.callspec.id}")
    print(f"clock: {spent.clock:.2f} s, floor {floor.clock:.2f} s: {clock:.2f} x (limit {race.clock} x)")
    held = "" if race.processor is None else f" (limit {race.processor} x)"
    print(f"processor: {spent.processor:.2f} s, floor {floor.processor:.2f} s: {processor:.2f} x{held}")
    print(f"most memory of a process: {spent.memory / 2**20:,.0f} MiB, floor {floor.memory / 2**20:,.0f} MiB")
    if race.copies is not None:
        # The floor holds both models at once.
        most = floor.memory - (2 - race.copies) * LARGE * 1_000_000 * FLOAT32
        assert spent.memory <= most, f"{spent.memory / 2**20:,.0f} MiB, limit {most / 2**20:,.0f} MiB"
    assert clock <= race.clock
    assert race.processor is None or processor <= race.processor


def test_help_is_instant() -> None:
    (spent,) = in_turn(RUNS, lambda: spend(KERASDIFF, "--help", cwd=HERE))
    print(f"\n--help {spent.clock:.3f} s (limit {HELP_S} s)")
    assert spent.clock <= HELP_S


MISTAKES = {
    "no such file": ("compare", "nowhere.py:A", "models.py:large"),
    "syntax error": ("compare", "broken.py:f", "models.py:large"),
    "missing import": ("compare", "lost.py:f", "models.py:large"),
    "no such name": ("compare", "models.py:lerge", "models.py:large"),
    "no such argument": ("compare", "models.py:large", "models.py:Large(million=3)"),
    "no such module": ("inspect", "nowhere.at:Net"),
    "damaged file": ("inspect", "text.keras"),
    "shape": ("compare", "models.py:large", "models.py:large", "--input", "3x3"),
    "data": ("fit", "models.py:large", "models.py:large", "--data", "text.npz"),
    "witness": ("replay", "text.npz"),
}
"""Each said from what the command line names."""


@pytest.mark.parametrize("mistake", [pytest.param(words, id=name) for name, words in MISTAKES.items()])
def test_a_mistake_is_said_at_once(mistake: tuple[str, ...], tmp_path: Path) -> None:
    shutil.copy(HERE / "models.py", tmp_path)
    files = {"broken.py": "def f(:\n", "lost.py": "import torchh\n", "text.keras": "text", "text.npz": "text"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (spent,) = in_turn(RUNS, lambda: spend(KERASDIFF, *mistake, cwd=tmp_path, exit_code=2))
    print(f"\n{' '.join(mistake)}: {spent.clock:.3f} s (limit {MISTAKE_S} s)")
    assert spent.clock <= MISTAKE_S
