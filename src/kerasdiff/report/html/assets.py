"""What does a page bring along? Its styles, its scripts, the worker that lays graphs out, and what it allows itself.

Everything stands in the page: one ``<style>``, one ``<script>``, whose digests its content security policy names.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

DRAWN = ("page", "graph", "plots")
"""Folders of scripts and styles, in the order in which they stand in a page; within one, by name."""

INDEX = ("page", "index")
"""Those of an index of pages, which draws nothing."""

LIBRARIES = {"d3.min.js": "d3-LICENSE", "elk-api.js": "elkjs-LICENSE.md"}
"""Scripts of others, before ours, and the licence of each, which has to come with every copy."""

WORKER = "elk-worker.min.js.gz"
"""Lays graphs out beside the page; it is kept as the page holds it, for packing it takes 0.1 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """What stands in every page.

    Attributes:
        policy: The content security policy that lets these styles and scripts in, and nothing else.
        worker: The code of the worker, gzipped, in base64.
    """

    style: str
    script: str
    policy: str
    worker: str


def assets(*, drawn: bool = True) -> Assets:
    """Those of this version.

    Args:
        drawn: Whether there is something to draw; else the libraries that do are left out.
    """
    home = files("kerasdiff.report.html")
    parts = DRAWN if drawn else INDEX
    script = "\n".join([*(_libraries(home / "vendor") if drawn else ()), *_ours(home / "assets", parts)])
    style = "\n".join(_of_parts(home / "assets", parts, ".css"))
    return Assets(
        style=style,
        script=script,
        policy=_policy(style, script),
        worker=base64.b64encode((home / "vendor" / WORKER).read_bytes()).decode() if drawn else "",
    )


def _libraries(vendor: Traversable) -> Iterator[str]:
    for name, licence in LIBRARIES.items():
        yield f"/*\n{_text(vendor / licence)}*/"
        yield _text(vendor / name)


def _ours(home: Traversable, parts: tuple[str, ...]) -> tuple[str, ...]:
    """In one strict function, so that they share their names with each other and with nothing else in the page."""
    return "(() => {", '"use strict";', *_of_parts(home, parts, ".js"), "})();"


def _of_parts(home: Traversable, parts: tuple[str, ...], ending: str) -> list[str]:
    found = [sorted((home / part).iterdir(), key=lambda file: file.name) for part in parts if (home / part).is_dir()]
    return [_text(file) for part in found for file in part if file.name.endswith(ending)]


def _text(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "worker-src blob:",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
