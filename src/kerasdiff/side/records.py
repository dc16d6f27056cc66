"""What a model is, as its worker sees it: inputs and outputs, both graphs, weights, what was guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasdiff.findings import Fact, Finding
from kerasdiff.graph import Attribute, Graph, Mode, Port, Returned, Source, Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A training method of the user's own; equal digests stand for equal code and settings.

    Equal ``code`` stands for the same, whatever optimizers and the like of Keras are set to.
    """

    digest: str
    source: Source | None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """Where a baseline comes from.

    Attributes:
        target: What was locked, as the user wrote it.
        saved: Whether that was a saved model.
        environment: Versions, device and processor it was made with.
        uncompiled: Why its compile settings are not held, empty where they are or it has none.
    """

    target: str
    saved: bool
    environment: Mapping[str, str]
    uncompiled: str = ""


CONTEXT = 3
"""Lines of code shown before and after one that is named, as diffs show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Lines of a user's file that follow each other.

    Attributes:
        file: As sources name it.
        first: 1-based number of the first line.
        lines: Without their ends.
    """

    file: str
    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A model as its worker sees it.

    Attributes:
        inference, training: The traced graphs; ``None`` with a note where tracing failed.
        returned: What a call returns in each mode that can be traced, place by place.
        inferred: What was guessed to construct or call the model.
        notes: What could not be traced, what looks like a mistake (layer never called).
        unused_layers: Ids of layers created and never called.
        compiled: Compile settings as JSON data, or ``None``.
        guessed: Whether the input shape is the CIFAR-10 default, for want of anything better.
        named_inputs: Whether the model takes its inputs by name (a dict or keyword arguments).
        keyed_inputs: Whether it takes them in a dict, whose keys every caller has to know.
        overrides: Training methods the model brings itself (``train_step``), which no rung runs.
        defaults: By op, the settings of layers that Keras wrote with the value they have where nobody sets them.
        root: The directory that file names of source lines are relative to.
        told_mode: Whether ``fit`` and ``predict`` tell it the mode it is called in; ``None`` for what has no ``fit``.
        locked: Of a baseline, where it comes from; ``None`` for a model that was loaded.
        excerpts: The code around every line that a node or a note names, where it is to be shown.
    """

    class_name: str
    inference: Graph | None
    training: Graph | None
    weights: tuple[Weight, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    inferred: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    unused_layers: tuple[str, ...]
    environment: Mapping[str, str]
    compiled: Mapping[str, Attribute] | None = None
    guessed: bool = False
    named_inputs: bool = False
    keyed_inputs: bool = False
    overrides: Mapping[str, Override] = field(default_factory=dict)
    returned: Mapping[Mode, tuple[Returned, ...]] = field(default_factory=dict)
    told_mode: bool | None = None
    defaults: Mapping[str, Mapping[str, Attribute]] = field(default_factory=dict)
    root: str = ""
    locked: Locked | None = None
    excerpts: tuple[Excerpt, ...] = ()

    def traced(self, mode: Mode) -> Graph | None:
        """The graph of a mode, ``None`` where tracing failed."""
        return self.training if mode == "training" else self.inference

    @property
    def of_keras_2(self) -> bool:
        """Whether it is a model of Keras 2."""
        return self.environment.get("keras", "").startswith("2.")

    @property
    def untold(self) -> Finding | None:
        """The fact that ``fit`` runs it in inference mode though layers of it act otherwise in training."""
        return next((note for note in self.notes if note.fact is Fact.FIT_IN_INFERENCE), None)
