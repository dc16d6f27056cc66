"""Which texts tell two ways of reading text apart? Words that a vocabulary knows, written in all the ways it may meet.

Words out of a vocabulary all look the same to the model, so they show nothing of how they were read.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kerasdiff.graph import Port
from kerasdiff.graph.values import Array

PLAIN = ("the", "a", "film", "was", "good", "bad", "not", "and")
"""Words of a text for a model without a vocabulary."""

UNKNOWN = "zyxwv"
"""A word that no vocabulary has."""

MOST_WORDS, MOST_APART = 24, 12
"""Words that are tried, and how many of them are words that only one side has, or each at another place."""

TEXTS = (
    "{a} {b} {c}",
    "{A}, {B}! ({c}).",
    "{C}  {a}\t{b}-{c} 2",
    "<br />{a}'s {b} {d} {d} É{a}",
    " {d} {c}; {b} {a} {a} {c} {b} {d} {a} ",
    "{a}{b} {d}? {B} {c}_{a}\n{D} é{a}",
)
"""Case, punctuation, digits, tags, other white space, other alphabets, words joined, repeated, and in another order."""


def draw_texts(port: Port, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """A batch of texts.

    Args:
        port: The input, with words that the model knows.
        name: Of the probe: ``texts`` and ``more-texts`` are whole sentences; ``zeros`` are empty; ``constant`` is one
            word; all others are single words, one of them unknown and one in upper case.
        shape: Of the batch.
        rng: Chooses the words.
    """
    words = port.words or PLAIN
    count = int(np.prod(shape))
    chosen = [words[int(at)] for at in rng.permutation(len(words))]
    taken = list(itertools.islice(itertools.cycle(chosen), count + 4))
    if name in ("zeros", "constant"):
        texts = ["" if name == "zeros" and not port.closed else words[-1]] * count
    elif name in ("texts", "more-texts") and not port.closed:
        first = len(TEXTS) - 2 if name == "more-texts" else 0
        texts = [_written(TEXTS[(first + at) % len(TEXTS)], taken[at : at + 4]) for at in range(count)]
    else:
        texts = taken[:count]
        if not port.closed and count > 2:
            texts[1], texts[-1] = texts[1].upper(), UNKNOWN
    return np.array(texts).reshape(shape)


def _written(text: str, words: Sequence[str]) -> str:
    small = dict(zip("abcd", words, strict=True))
    return text.format(**small, **{key.upper(): small[key].upper() for key in small})


def with_words(ports: tuple[Port, ...], others: tuple[Port, ...]) -> tuple[Port, ...]:
    """The ports with few words each: those in which both sides' vocabularies part first, then some from all over."""
    if len(ports) != len(others):
        return ports
    return tuple(
        replace(one, words=_chosen(one.words, two.words), closed=one.closed or two.closed)
        for one, two in zip(ports, others, strict=True)
    )


def _chosen(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    pairs = itertools.zip_longest(first, second, fillvalue="")
    apart = [word for one, two in pairs if one != two for word in (one, two) if word][:MOST_APART]
    every = first or second
    spread = [every[int(at)] for at in np.linspace(0, len(every) - 1, MOST_WORDS - len(apart))] if every else []
    return tuple(dict.fromkeys((*apart, *spread)))
