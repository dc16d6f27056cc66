"""Which of Python's own functions does the model's code put others in the place of?

Asked where kerasdiff itself fails: what stands on ``isinstance`` cannot work with another one, which is no bug of it.
"""

from __future__ import annotations

import sys

_MODULES = ("builtins", "os", "io", "json", "struct", "pickle", "inspect", "re", "types", "threading", "weakref")


class Originals:
    """What these modules hold now, before any code of the model has run."""

    def __init__(self) -> None:
        self._held = {name: dict(vars(sys.modules[name])) for name in _MODULES if name in sys.modules}
        self._modules = {name: one for name, one in sys.modules.items() if name in sys.stdlib_module_names}

    def restore(self) -> list[str]:
        """Puts everything back; says what was something else, as one writes it."""
        changed = [f"sys.modules[{name!r}]" for name, one in self._modules.items() if sys.modules.get(name) is not one]
        sys.modules.update(self._modules)
        for module, held in self._held.items():
            space = vars(sys.modules[module]) if module in sys.modules else held
            for name, value in held.items():
                if name not in space or space[name] is not value:
                    space[name] = value
                    if not name.startswith("_"):  # Python itself puts things there
                        changed.append(module + "." + name)
        return changed
