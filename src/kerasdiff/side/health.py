"""What does kerasdiff find on a machine? What a worker says of it, and how each thing stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from kerasdiff.graph import Attribute

Standing = Literal["ok", "warn", "fail"]


class Subject(Enum):
    """What is looked at, in the order it is shown; a value is what it is called."""

    KERASDIFF = "kerasdiff"
    PYTHON = "Python"
    TENSORFLOW = "TensorFlow"
    KERAS = "Keras"
    LIBRARIES = "libraries"
    DEVICES = "devices"
    REPEATABLE = "determinism"
    START = "workers"
    MACHINE = "machine"
    TEMPORARY = "temporary files"
    DATA = "data"
    STORE = "trial store"
    ENVIRONMENTS = "environments"
    GIT = "git"
    EXTRAS = "extras"
    SAME = "self-test, equal"
    OTHER = "self-test, different"


class Wanting(Enum):
    """Why something does not stand as it should: what the words about it, and about what to do, go by."""

    NO = ""
    BROKEN = "broken"  # cannot be imported, or ended: `cause`
    OLD = "old"  # a version below what is promised: `least`
    UNSEEN = "unseen"  # a GPU that TensorFlow does not use
    APART = "apart"  # the same numbers, computed twice, are not the same
    SLOW = "slow"  # workers import TensorFlow each for itself
    LITTLE = "little"  # too little of it: `free`
    ABSENT = "absent"  # not there
    UNUSABLE = "unusable"  # there, and cannot be used: `cause`
    WRONG = "wrong"  # another answer than is known to be right: `outcome`


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How one thing stands.

    Attributes:
        found: What was found: versions, sizes, names.
    """

    subject: Subject
    standing: Standing = "ok"
    wanting: Wanting = Wanting.NO
    found: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a worker finds where it runs.

    Attributes:
        environment: Versions and device, as of a comparison.
        devices: What TensorFlow may compute on, by name.
        digests: Of the outcome of one computation, run twice: convolutions and their gradients, in float32.
    """

    environment: Mapping[str, str]
    devices: tuple[str, ...]
    digests: tuple[str, str]
