"""How do records become markup? By templates, in which every text of a model or a file stays text."""

from __future__ import annotations

import json
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from kerasdiff.report.cleaning import clean
from kerasdiff.report.html.assets import assets
from kerasdiff.report.saved import Json


def render(template: str, drawn: bool = True, /, **told: object) -> str:
    """A page by the template of that name, with what draws graphs and plots unless it holds none."""
    return _environment().get_template(template).render(**told, assets=assets(drawn=drawn))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("kerasdiff.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters.update({"told": told, "data": data})
    return environment


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
    text = json.dumps(held, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
