"""How is a function of Keras watched without leaving a trace in what it says? Every call is forwarded unseen.

A hook that named parameters of its own would bind the user's arguments first, and answer a wrong call in its own name.
Keras reads signatures too: ``Operation.__new__`` binds a constructor's arguments to make a config of them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType

from kerasdiff.worker.keras_internals import Live

Around = Callable[[Callable[..., Live], tuple[Live, ...], dict[str, Live]], Live]
"""What is run instead of a function: given it, and the arguments of the call as they came."""


def forwarding(original: Callable[..., Live], around: Around) -> Callable[..., Live]:
    """A function with the name and the signature of ``original`` that takes any arguments, right or wrong."""

    @functools.wraps(original, updated=())
    def hook(*args: Live, **kwargs: Live) -> Live:
        return around(original, args, kwargs)

    hook.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]  # getfullargspec unwraps nothing
    return hook


HOOK: CodeType = next(item for item in forwarding.__code__.co_consts if getattr(item, "co_name", "") == "hook")
"""The code of every such function, by which a walk of the stack knows it."""


@functools.cache
def _position(function: Callable[..., Live], name: str) -> int:
    names = list(inspect.signature(function).parameters)
    return names.index(name) if name in names else len(names)


def given(original: Callable[..., Live], name: str, args: tuple[Live, ...], kwargs: dict[str, Live]) -> Live:
    """What a call gives for a parameter, by position or by name; ``None`` where it leaves it out."""
    position = _position(original, name)
    return args[position] if position < len(args) else kwargs.get(name)


@contextmanager
def hooked(owner: Live, name: str, around: Around) -> Iterator[None]:
    """Puts a hook in the place of a method inside the block."""
    own = name in vars(owner)
    original = getattr(owner, name)
    setattr(owner, name, forwarding(original, around))
    try:
        yield
    finally:
        if own:
            setattr(owner, name, original)
        else:
            delattr(owner, name)
