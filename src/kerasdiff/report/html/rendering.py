"""How do records become markup? By templates, in which every text of a model or a file stays text."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from pickle import UnpicklingError

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from kerasdiff.findings import SIDES
from kerasdiff.graph import Attribute
from kerasdiff.report.cleaning import clean
from kerasdiff.report.html.assets import assets
from kerasdiff.report.saved import Json
from kerasdiff.side.files import write_whole


def render(template: str, /, *, drawn: bool = True, **told: object) -> str:
    """A page by the template of that name, with what draws graphs and plots unless it holds none."""
    return environment().get_template(template).render(**told, assets=assets(drawn=drawn))


class Compiled(BytecodeCache):
    """Templates as they were compiled once, beside them, as Python keeps its modules: to compile them takes 0.05 s.

    Jinja checks that they are of the template as it is and of its own and Python's version. Where nothing can be
    written, or Python is told to write nothing, they are compiled each time.
    """

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError, EOFError, UnpicklingError), self._file(bucket).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):
            self._file(bucket).parent.mkdir(exist_ok=True)
            write_whole(self._file(bucket), bucket.write_bytecode)

    def _file(self, bucket: Bucket) -> Path:
        return HERE / "templates" / "__pycache__" / f"{bucket.key}.{sys.implementation.cache_tag}"


HERE = Path(__file__).parent


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("kerasdiff.report.html"),
        auto_reload=False,
        bytecode_cache=Compiled(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    made.globals["SIDES"] = SIDES
    made.filters.update({"told": told, "data": data})
    return made


def _shown(value: object) -> object:
    """Text of models and files with its control characters made visible; markup of ours as it is."""
    return value if isinstance(value, Markup | int | float) else clean(value)


def told(sentence: str) -> Markup:
    """A sentence in which what it quotes is code."""
    parts = clean(sentence).split("`")
    if len(parts) % 2 == 0:  # a quote that is not closed is a letter of a name
        return escape(clean(sentence))
    return Markup().join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def data(held: Json) -> Markup:
    """Data of a script as it stands in an element that browsers do not run: JSON that holds no markup."""
    text = _json(held)
    if not text.isprintable() or ESCAPED.search(text):  # as in few: looking at each text of a large page takes long
        text = _json(_cleaned(held))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\[bfnrtu]")
"""Control characters as JSON writes them."""


def _json(held: Attribute) -> str:
    return json.dumps(held, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def _cleaned(held: Attribute) -> Attribute:
    """Data whose texts a page may show."""
    if isinstance(held, str):
        return clean(held)
    if isinstance(held, Mapping):
        return {clean(key): _cleaned(value) for key, value in held.items()}
    return [_cleaned(value) for value in held] if isinstance(held, list | tuple) else held
