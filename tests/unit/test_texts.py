"""Texts that models are run on: words they know, written so that every way to read them shows."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from kerasdiff.graph import Port, TensorSpec
from kerasdiff.probing.inputs.probes import probes
from kerasdiff.probing.inputs.texts import MOST_WORDS, UNKNOWN, with_words

WORDS = ("red", "green", "blue", "grey", "pink")


def port(shape: tuple[int | None, ...] = (None,), words: tuple[str, ...] = WORDS, *, closed: bool = False) -> Port:
    return Port(name="x", spec=TensorSpec(shape=shape, dtype="string"), words=words, closed=closed)


def drawn(one: Port) -> list[str]:
    return [str(text) for _, batch in probes((one,), 3) for text in batch["x"].reshape(-1)]


READINGS: dict[str, Callable[[str], object]] = {
    "lower": str.lower,
    "punctuation": lambda text: re.sub(r"[^\w\s]", "", text),
    "tags": lambda text: re.sub(r"<[^>]*>", "", text),
    "digits": lambda text: re.sub(r"[0-9]", "", text),
    "alphabet": lambda text: re.sub(r"[^\x00-\x7f]", "", text),
    "single spaces": lambda text: text.split(" "),
    "stripped": str.strip,
    "sorted": lambda text: sorted(text.split()),
    "set": lambda text: len(set(text.split())),
    "first words": lambda text: text.split()[:3],
}
PLAINLY: dict[str, Callable[[str], object]] = {
    "single spaces": str.split,
    "sorted": str.split,
    "set": lambda text: len(text.split()),
    "first words": str.split,
}


@pytest.mark.parametrize("name", READINGS)
def test_every_way_to_read_shows(name: str) -> None:
    plain = {
        "single spaces": str.split,
        "sorted": str.split,
        "set": lambda text: len(text.split()),
        "first words": str.split,
    }
    known = plain.get(name, str)

    assert any(READINGS[name](text) != known(text) for text in drawn(port()))


def test_words_alone_and_unknown_ones_come_too() -> None:
    texts = drawn(port((None, 3)))

    assert {*WORDS, UNKNOWN, ""} <= set(texts)
    assert any(text.upper() == text and text.lower() in WORDS for text in texts)
    assert probes((port(),), 3)[0][1]["x"].dtype.kind == "U"


def test_a_closed_vocabulary_gets_no_other_word() -> None:
    assert set(drawn(port((None, 3), closed=True))) <= set(WORDS)


def test_without_a_vocabulary_there_are_words_as_well() -> None:
    assert any("film" in text for text in drawn(port(words=())))


def test_words_on_which_two_vocabularies_part_come_first() -> None:
    many = tuple(f"word{number}" for number in range(1000))
    other = (*many[:700], "novel", *many[701:])

    (merged,) = with_words((port(words=many),), (port(words=other),))

    assert set(merged.words[:2]) == {"word700", "novel"}
    assert len(merged.words) <= MOST_WORDS
    assert {"word0", "word999"} <= set(merged.words)
    assert with_words((port(),), ()) == (port(),)
    assert with_words((port(words=()),), (port(words=()),))[0].words == ()
    assert np.all([one.closed for one in with_words((port(),), (port(closed=True),))])
