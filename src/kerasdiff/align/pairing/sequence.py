"""What do two sequences have in common, in order?

Why bit vectors? A gap between two anchors may be the whole network, and a table of ten thousand by ten thousand
cells is out of reach of a Python loop. As the columns of that table never decrease by more than nothing and never
increase by more than one, a row is one bit a column, and a whole row is three operations on one long integer.

References:
    H. Hyyrö, "Bit-parallel LCS-length computation revisited", AWOCA 2004.
    D. Hirschberg, "A linear space algorithm for computing maximal common subsequences", 1975.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Sequence

CELLS = 200_000_000
"""Bits of a table that is kept whole (25 MB); a larger one is cut in two where the halves have most in common."""


def common(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The positions of a longest common subsequence, in order.

    >>> common("relu conv".split(), "conv relu".split())
    [(0, 1)]
    """
    shared = set(first) & set(second)
    left = [at for at, key in enumerate(first) if key in shared]
    right = [at for at, key in enumerate(second) if key in shared]
    pairs = _common([first[at] for at in left], [second[at] for at in right])
    return [(left[i], right[j]) for i, j in pairs]


def _common(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[tuple[int, int]]:
    begin, length = 0, min(len(first), len(second))
    while begin < length and first[begin] == second[begin]:
        begin += 1
    end = 0
    while end < length - begin and first[-1 - end] == second[-1 - end]:
        end += 1
    inner = first[begin : len(first) - end], second[begin : len(second) - end]
    head = [(at, at) for at in range(begin)]
    tail = [(len(first) - at, len(second) - at) for at in range(end, 0, -1)]
    small = len(inner[1]) < 2 or len(inner[0]) * len(inner[1]) <= CELLS
    middle = (_table if small else _halves)(*inner)
    return head + [(begin + i, begin + j) for i, j in middle] + tail


def _rows(first: Sequence[Hashable], second: Sequence[Hashable], *, whole: bool) -> list[int]:
    """A bit is 0 where the column has one more in common than the column before; one row an item of ``second``."""
    where: dict[Hashable, int] = defaultdict(int)
    for at, key in enumerate(first):
        where[key] |= 1 << at
    full = (1 << len(first)) - 1
    row, rows = full, []
    for key in second:
        taken = row & where.get(key, 0)
        row = ((row + taken) | (row - taken)) & full
        if whole:
            rows.append(row)
    return rows if whole else [row]


def _table(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[tuple[int, int]]:
    rows = _rows(first, second, whole=True)
    i, j = len(first), len(second)
    pairs: list[tuple[int, int]] = []
    while i and j:
        if rows[j - 1] >> (i - 1) & 1:
            i -= 1
        elif j > 1 and not rows[j - 2] >> (i - 1) & 1:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def _halves(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[tuple[int, int]]:
    middle = len(second) // 2
    before = _counts(first, second[:middle])
    after = _counts(first[::-1], second[middle:][::-1])[::-1]
    cut = max(range(len(first) + 1), key=lambda at: before[at] + after[at])
    tail = _common(first[cut:], second[middle:])
    return _common(first[:cut], second[:middle]) + [(cut + i, middle + j) for i, j in tail]


def _counts(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[int]:
    """How much each beginning of ``first`` has in common with ``second``."""
    row = _rows(first, second, whole=False)[0]
    counts = [0]
    for bit in reversed(f"{row:0{len(first)}b}"):
        counts.append(counts[-1] + (bit == "0"))
    return counts


def increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence of pairs that increases on both sides (patience sorting).

    >>> increasing([(0, 4), (1, 1), (2, 2), (3, 0)])
    [(1, 1), (2, 2)]
    """
    tails: list[int] = []
    index: list[int] = []
    previous: list[int] = []
    for number, (_, second) in enumerate(pairs):
        at = bisect_left(tails, second)
        previous.append(index[at - 1] if at else -1)
        if at == len(tails):
            tails.append(second)
            index.append(number)
        else:
            tails[at], index[at] = second, number
    chain: list[tuple[int, int]] = []
    number = index[-1] if index else -1
    while number >= 0:
        chain.append(pairs[number])
        number = previous[number]
    return chain[::-1]
