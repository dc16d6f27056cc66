"""Which functions does a stored graph call? It holds no others.

Keras 2 registers the GPU's way of an LSTM or GRU (``CudnnRNN``) beside the processor's, which is called; TensorFlow
swaps the two by an attribute that is random (``api_implements``; ``gru_lstm_utils`` of Keras 2.13 to 2.21).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerasdiff.worker.keras_internals import Live

_SWAPPED_BY = "api_implements"


def forget_uncalled(definition: Live) -> None:
    """Drops the functions that nothing in a graph calls, and what would let TensorFlow call another."""
    functions = {function.signature.name: function for function in definition.library.function}
    called = {one.gradient_func for one in definition.library.gradient} & functions.keys()
    waiting = [definition.node, *(functions[name].node_def for name in called)]
    while waiting:
        found = functions.keys() & _called(waiting.pop()) - called
        called |= found
        waiting += [functions[name].node_def for name in found]
    for name in functions.keys() - called:
        definition.library.function.remove(functions[name])
    for function in definition.library.function:
        function.attr.pop(_SWAPPED_BY, None)


def _called(nodes: Sequence[Live]) -> set[str]:
    return {name for node in nodes for name in (node.op, *_named(node))}


def _named(node: Live) -> Iterator[str]:
    for value in node.attr.values():
        yield value.func.name
        yield from (one.name for one in value.list.func)
