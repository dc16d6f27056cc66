"""What is known of each TensorFlow op: the one taxonomy that every module asks."""

from __future__ import annotations

COMMUTATIVE = frozenset(
    {"AddV2", "Mul", "Maximum", "Minimum", "LogicalAnd", "LogicalOr", "SquaredDifference", "Equal", "NotEqual", "Sum*"}
)
"""Ops whose operands may stand in any order, bit for bit."""
