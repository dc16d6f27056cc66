"""What crosses to a node as code, for it may have another kerasdiff or none: imports nothing but the standard library.

Everything else that crosses is bytes, which only the same kerasdiff reads.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import socket
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

Handle: TypeAlias = Any
"""An actor, a reference or a module of Ray's, which has no types that could be checked."""

Outcome = tuple[Literal["done", "unfit"], bytes | str]
"""What a task gives: pickled results, or why its node cannot run it."""

DISTRIBUTIONS = {
    "kerasdiff": ("kerasdiff",),
    "keras": ("keras", "keras-nightly"),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tf-nightly", "tf-nightly-cpu"),
}


def versions() -> dict[str, str]:
    """What of kerasdiff, Keras and TensorFlow is installed here."""
    installed = {}
    for name, distributions in DISTRIBUTIONS.items():
        for distribution in distributions:
            try:
                installed[name] = importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:
                continue
            break
    return installed


def unfit(wanted: Mapping[str, str]) -> str:
    """Why this machine cannot run trials for one with these versions; empty where it can."""
    installed = versions()
    for name, version in wanted.items():
        if installed.get(name) != version:
            held = f"has {name} {installed[name]}" if name in installed else f"has no {name}"
            return f"node {socket.gethostname()} {held}, and this machine has {version}"
    return ""


def run(wanted: Mapping[str, str], module: str, *given: Handle) -> Outcome:
    """A task: what ``run`` of a module of kerasdiff makes on this node of what it is given."""
    why = unfit(wanted)
    if why:
        return "unfit", why
    return "done", importlib.import_module(module).run(*given)


class Desk:
    """An actor through which tasks and the machine that asked talk while trials run; it only passes bytes on."""

    def __init__(self) -> None:
        self._said: list[bytes] = []
        self._answers: dict[str, asyncio.Future[bytes]] = {}
        self._news = asyncio.Event()

    async def tell(self, message: bytes) -> None:
        """A task says something."""
        self._said.append(message)
        self._news.set()

    async def ask(self, name: str, message: bytes) -> bytes:
        """A task asks something, under a name of its own, and waits for the answer."""
        self._answers[name] = asyncio.get_running_loop().create_future()
        await self.tell(message)
        try:
            return await self._answers[name]
        finally:
            del self._answers[name]

    async def hear(self, seconds: float) -> list[bytes]:
        """What was said since the last time; waits for something, so long at most."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except asyncio.TimeoutError:  # not the builtin before Python 3.11
            return []
        self._news.clear()
        said, self._said = self._said, []
        return said

    async def answer(self, name: str, message: bytes) -> None:
        """The machine that asked answers a task, which may be gone."""
        waiting = self._answers.get(name)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)
