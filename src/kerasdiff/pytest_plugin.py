"""kerasdiff under pytest: the fixture ``kerasdiff``, the marker of the same name, reports where a test failed.

Loaded by every run of pytest where kerasdiff is installed, so it imports nothing before a test uses it.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kerasdiff.api import watching

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from kerasdiff.api.choices import Choices, Inspecting
    from kerasdiff.api.results import Inspection, Result
    from kerasdiff.api.targets import Python

MARKER = (
    "kerasdiff(reference, candidate, **choices): the two models have to be equivalent; without models, the choices "
    "hold for what the fixture compares. Files are found from the test's file, then from the root directory."
)
FOLDER = "--kerasdiff-html"
"""The option that names where pages of failures go."""

SECTION = "kerasdiff"
"""The title of what is printed below a failure."""

PAGES = "page"
"""The title of where its pages are."""

_SEEN = pytest.StashKey["list[Result]"]()


class Kerasdiff:
    """What the fixture ``kerasdiff`` is: the functions of the package, for the models of one test.

    Names of files are found from the test's file, then from pytest's root directory, then from the current one. Models
    are compared without a fit, unless ``fit=True`` is said in the call or in a marker.
    """

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def compare(self, reference: object, candidate: object, **choices: Unpack[Choices]) -> Result:
        """As :func:`kerasdiff.compare`, without a fit unless it is asked for."""
        __tracebackhide__ = True
        import kerasdiff

        return kerasdiff.compare(self._found(reference), self._found(candidate), **self._choices(choices))

    def assert_equivalent(self, reference: object, candidate: object, **choices: Unpack[Choices]) -> None:
        """As :func:`kerasdiff.assert_equivalent`."""
        __tracebackhide__ = True
        import kerasdiff

        kerasdiff.assert_equivalent(self._found(reference), self._found(candidate), **self._choices(choices))

    def inspect(self, target: object, **options: Unpack[Inspecting]) -> Inspection:
        """As :func:`kerasdiff.inspect`."""
        __tracebackhide__ = True
        import kerasdiff

        chosen: Inspecting = {"inputs": self._choices({}).get("inputs"), **options}
        if chosen.get("python"):
            chosen["python"] = self._python(chosen["python"])
        return kerasdiff.inspect(self._found(target), **chosen)

    def _choices(self, given: Choices) -> Choices:
        """What the call says, else the closest marker, else what is the default here."""
        chosen: Choices = {"fit": False, "picture": self._item.config.getoption(FOLDER) is not None}
        for mark in reversed(list(self._item.iter_markers("kerasdiff"))):
            if not mark.args:
                chosen.update(mark.kwargs)  # type: ignore[typeddict-item]  # checked where it is used
        chosen.update(given)
        if chosen.get("reference_python"):
            chosen["reference_python"] = self._python(chosen["reference_python"])
        if chosen.get("candidate_python"):
            chosen["candidate_python"] = self._python(chosen["candidate_python"])
        return chosen

    def _python(self, named: Python) -> Python:
        """An interpreter or environment as it is found from here."""
        found = self._found(named)
        return found if isinstance(found, str | os.PathLike) else named

    def _found(self, model: object) -> object:
        """A name of a file as it is found from here, where it is found from the test; anything else as it is."""
        if not isinstance(model, str | os.PathLike):
            return model
        text = os.fspath(model)
        place, colon, rest = text.partition(":")
        for folder in (self._item.path.parent, self._item.config.rootpath):
            file = folder / place
            if not Path(place).is_absolute() and file.exists():
                near = os.path.relpath(file) if file.is_relative_to(Path.cwd()) else file
                return f"{near}{colon}{rest}"
        return text


@pytest.fixture
def kerasdiff(request: pytest.FixtureRequest) -> Kerasdiff:
    """Compares models: ``kerasdiff.assert_equivalent("old.py:Net", Net)``, ``kerasdiff.compare(...).outcome``."""
    return Kerasdiff(request.node)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("kerasdiff").addoption(
        FOLDER,
        metavar="DIR",
        help="Write a page for a browser into DIR for what a failed test found not to be equivalent.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Keeps what the test compares, be it by the fixture or by the package."""
    with watching.watched() as seen:
        item.stash[_SEEN] = seen
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Compares the pairs that markers name; then the test's own body runs."""
    __tracebackhide__ = True
    for mark in item.iter_markers("kerasdiff"):
        if len(mark.args) == 2:
            Kerasdiff(item).assert_equivalent(*mark.args, **mark.kwargs)
        elif mark.args:
            raise pytest.UsageError(f"{item.nodeid}: the marker kerasdiff takes two models, or none.")
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Puts the reports of what a failed test found not equivalent below its failure, where it does not show them."""
    report = yield
    if report.failed and call.when == "call":
        shown = getattr(getattr(call.excinfo, "value", None), "result", None)
        differing = [result for result in item.stash.get(_SEEN, []) if not result.equivalent]
        for result in differing:
            if result is not shown:
                report.sections.append((SECTION, result.report(changes_only=True)))
        if differing and (folder := item.config.getoption(FOLDER)) is not None:
            home = item.config.invocation_params.dir / folder  # wherever the test went
            report.sections.append((PAGES, "\n".join(_pages(item.nodeid, differing, home))))
    return report


def _pages(test: str, results: list[Result], folder: Path) -> list[str]:
    """Writes the page of each result of a test; says where they are."""
    from kerasdiff.report.pages import page_names
    from kerasdiff.side.files import write_whole

    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{test} ({number})" if number > 1 else test for number in range(1, len(results) + 1)]
    said = []
    for file, result in zip(page_names(names).values(), results, strict=True):
        page = result.to_html().encode()
        write_whole(folder / file, lambda stream, page=page: stream.write(page))  # type: ignore[misc]
        said.append(f"page in {folder / file}")
    return said
