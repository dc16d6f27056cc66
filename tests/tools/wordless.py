"""A comparison without words: whatever `kerasdiff.report.wording` would say, it says the same.

The table of pairs is judged so, and rendered with its words afterwards: a verdict that hung on a sentence would show.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FunctionType, ModuleType
from typing import Any
from unittest import mock

import kerasdiff.pipeline
from kerasdiff.comparison import Comparison
from kerasdiff.report import wording

SAME = "the same words"


@contextmanager
def wordless() -> Iterator[None]:
    """Replaces every function of every module of wording, wherever it is known by name, and each in their tables."""
    modules = [wording, *(importlib.import_module(item.name) for item in _modules())]
    own = {id(item) for module in modules for item in vars(module).values() if _is_own(item)}
    with ExitStack() as stack:
        for module in _ours():
            for name, item in list(vars(module).items()):
                if id(item) in own:
                    stack.enter_context(mock.patch.object(module, name, _same))
                elif module in modules and isinstance(item, dict) and not name.startswith("__"):
                    told = {key: _same for key, value in item.items() if callable(value)}
                    stack.enter_context(mock.patch.dict(item, told))
        yield


def _modules() -> Iterator[pkgutil.ModuleInfo]:
    return pkgutil.walk_packages(wording.__path__, f"{wording.__name__}.")


def _ours() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "kerasdiff"]


def _is_own(item: Any) -> bool:
    return isinstance(item, FunctionType) and item.__module__.startswith(wording.__name__)


def _same(*_: Any, **__: Any) -> str:
    return SAME


@contextmanager
def judged_wordless() -> Iterator[None]:
    """Has every comparison made without words; its report is rendered with them."""
    compare: Callable[..., Comparison] = kerasdiff.pipeline.compare

    def without_words(*arguments: Any) -> Comparison:
        with wordless():
            return compare(*arguments)

    with mock.patch.object(kerasdiff.pipeline, "compare", without_words):
        yield
