"""Could a name of a module stand for a model, as far as its text tells?"""

from __future__ import annotations

import ast
import sys
from typing import Literal

from kerasdiff.side.reading.names import Binding, Names

Kind = Literal["model", "other", "unknown"]
"""Of a class: whether its instances are layers or models of Keras."""

KERAS = ("tensorflow.keras", "keras")
"""Under which names code knows Keras."""
_PARTS = ("layers", "models", "applications")
"""Modules of Keras whose classes are layers or models, and whose functions may make one."""
_INSIDE = ("src", "api", "_tf_keras")
"""Modules of Keras that hold all the others (Keras 3.11 to 3.15.1)."""
_NOT_LAYERS = frozenset(
    [
        "Input",
        "InputSpec",
        "KerasTensor",
        "Variable",
        "Function",
        "Loss",
        "Metric",
        "Optimizer",
        "Initializer",
        "Regularizer",
        "Quantizer",
        "DTypePolicy",
        "FloatDTypePolicy",
        "StatelessScope",
        "SymbolicScope",
        "RematScope",
        "Operation",
    ]
)
"""Names with a capital in Keras and these modules that are no layers (Keras 3.11 to 3.15.1)."""
_MAKERS = ("keras.saving.load_model", "keras.models.load_model", "keras.models.clone_model",
    "keras.models.model_from_json")  # fmt: skip
_REGISTERING = ("keras.saving.register_keras_serializable", "keras.utils.register_keras_serializable")
"""Decorators that give back what they are given."""
_LIBRARIES = frozenset(
    [
        "tensorflow",
        "keras",
        "numpy",
        "scipy",
        "pandas",
        "matplotlib",
        "sklearn",
        "PIL",
        "h5py",
        "absl",
        "tqdm",
        "seaborn",
        "tensorflow_datasets",
    ]
)
"""Well known packages that import no module by another name, put nothing on the path, and make no model of Keras."""
_NEVER = (
    ast.Constant, ast.JoinedStr, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Dict, ast.List, ast.Set, ast.Tuple,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
"""Expressions that give no model."""


def known_package(dotted: str) -> bool:
    """Whether a module belongs to Python or to a well known package."""
    first = dotted.partition(".")[0]
    return first in sys.stdlib_module_names or first in _LIBRARIES


def in_keras(dotted: str) -> str | None:
    """A dotted name spelled from ``keras`` on, ``None`` where it is none of Keras.

    >>> in_keras("tensorflow.keras.Model")
    'keras.Model'
    """
    for prefix in KERAS:
        if dotted == prefix or dotted.startswith(f"{prefix}."):
            return "keras" + dotted[len(prefix) :]
    return None


def names_layer(dotted: str) -> Kind:
    """What a class of this dotted name is."""
    spelled = in_keras(dotted)
    if spelled is None:
        return "other" if known_package(dotted) and "keras" not in dotted.split(".") else "unknown"
    _, *parts, last = spelled.split(".")
    if parts and parts[0] in _INSIDE:
        return "unknown"
    inside = not parts or parts[0] in _PARTS
    return "model" if inside and last[:1].isupper() and last not in _NOT_LAYERS else "other"


def class_kind(node: ast.ClassDef, names: Names) -> Kind:
    """What a class of the module is; certain where each base is known, and nothing replaces the class."""
    if node.keywords or not all(_registers(item, names) for item in node.decorator_list):
        return "unknown"
    kinds = {_base_kind(base, names) for base in node.bases}
    if "model" in kinds and "unknown" not in kinds:
        return "model"
    return "other" if kinds <= {"other"} else "unknown"


def _registers(decorator: ast.expr, names: Names) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    dotted = names.dotted(called)
    return isinstance(decorator, ast.Call) and dotted is not None and in_keras(dotted) in _REGISTERING


def _base_kind(base: ast.expr, names: Names) -> Kind:
    dotted = names.dotted(base)
    if dotted is not None:
        return names_layer(dotted)
    if not isinstance(base, ast.Name):
        return "unknown"
    if base.id not in names.bound:
        return "other" if base.id in ("object", "Exception", "dict", "list", "tuple", "int", "str") else "unknown"
    one = names.only(base.id)
    return class_kind(one.node, names) if one is not None and isinstance(one.node, ast.ClassDef) else "unknown"


def listed(names: Names) -> list[str] | None:
    """The names that a missing one is compared with: functions, and what is or may be a model or a class of them.

    ``None`` where nothing of its own is in the module but names of other modules, whose kind no text here tells.
    """
    own = [name for name in names.bound if not name.startswith("_") and _is_listed(name, names)]
    borrowed = any(isinstance(item.node, ast.ImportFrom) for items in names.bound.values() for item in items)
    return None if borrowed and not own else own


def _is_listed(name: str, names: Names, depth: int = 0) -> bool:
    bindings = names.bound[name]
    return any(_may_be_model(item, names, depth) for item in (bindings[-1:] if bindings[-1].plain else bindings))


def _may_be_model(binding: Binding, names: Names, depth: int) -> bool:
    node = binding.node
    if isinstance(node, ast.ClassDef):
        return class_kind(node, names) != "other"
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return True
    if binding.value is not None:
        return _gives_model(binding.value, names, depth)
    return not isinstance(node, ast.Import | ast.ImportFrom | ast.ExceptHandler)


_SIMPLE = frozenset(
    ("range", "len", "int", "float", "str", "bool", "round", "abs", "sum", "dict", "set", "open", "print")
)
"""Functions of Python that give no model, nor anything to unpack one from."""
_DEEPEST = 20
"""Names that stand for names are followed this far: they may stand for each other."""


def _gives_model(value: ast.expr, names: Names, depth: int) -> bool:
    """Whether an expression may give a model, a class of models, or a function."""
    if isinstance(value, _NEVER) or depth > _DEEPEST:
        return False
    if isinstance(value, ast.IfExp):
        return any(_gives_model(item, names, depth + 1) for item in (value.body, value.orelse))
    if isinstance(value, ast.Name | ast.Attribute) and names.dotted(value) is not None:
        return False  # what is imported is not the module's own
    if isinstance(value, ast.Name):
        return value.id in names.bound and _is_listed(value.id, names, depth + 1)
    return _call_gives_model(value, names) if isinstance(value, ast.Call) else True


def _call_gives_model(call: ast.Call, names: Names) -> bool:
    function = call.func
    dotted = names.dotted(function)
    if dotted is not None:
        return names_layer(dotted) != "other" or in_keras(dotted) in _MAKERS
    if isinstance(function, ast.Call):
        return not _makes_object(function, names)  # a layer that is called gives a tensor
    root = function
    while isinstance(root, ast.Attribute):
        root = root.value
    one = names.only(root.id) if isinstance(root, ast.Name) else None
    if one is None:
        return not isinstance(root, ast.Name) or root.id not in _SIMPLE or root.id in names.bound
    if isinstance(one.node, ast.ClassDef):
        return class_kind(one.node, names) != "other"
    # A method of an object gives no model, nor does calling it; a function does.
    return isinstance(one.node, ast.FunctionDef) or isinstance(one.value, ast.Lambda)


def _makes_object(call: ast.Call, names: Names) -> bool:
    dotted = names.dotted(call.func)
    return dotted is not None and names_layer(dotted) == "model"
