"""What does a question from Python get for an answer? A frozen record, and its report in every form."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

if TYPE_CHECKING:
    from rich.console import Console

    from kerasdiff.comparison import Basis, Comparison, Outcome
    from kerasdiff.conversion import Conversion
    from kerasdiff.side.records import Description

WIDTH = 100
"""Columns of a report that nobody chose others for: fits a CI log and a notebook's cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One step from the reference to the candidate.

    Attributes:
        kind: What is done.
        op: To what: ``relu``, ``conv2d``.
        message: The step in a sentence.
        sources: File and line of the node in the reference and in the candidate; ``None`` where there is none.
    """

    kind: Literal["insert", "delete", "update", "move", "rewire"]
    op: str
    message: str
    sources: tuple[tuple[Path, int] | None, tuple[Path, int] | None]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The answer of :func:`kerasdiff.compare` and :func:`kerasdiff.fit`.

    Attributes:
        comparison: All that is known, as the records the report is made of.
    """

    comparison: Comparison

    @property
    def outcome(self) -> Outcome:
        """``equivalent``, ``different`` or ``inconclusive``."""
        return self.comparison.verdict.outcome

    @property
    def basis(self) -> Basis | None:
        """What the outcome rests on: ``proof``, ``numeric``, ``statistical`` or ``witness``."""
        return self.comparison.verdict.basis

    @property
    def equivalent(self) -> bool:
        """Whether the two behave the same; not so either where that stayed open."""
        return self.outcome == "equivalent"

    @property
    def summary(self) -> str:
        """The verdict in a sentence."""
        from kerasdiff.report import wording

        return wording.summary(self.comparison)

    @property
    def advice(self) -> str | None:
        """The change that would make the two agree, or settle the question, where one is known."""
        from kerasdiff.report import wording

        return wording.advice(self.comparison)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The steps from the reference to the candidate."""
        from kerasdiff.report import wording

        return tuple(
            Edit(
                kind=edit.kind,
                op=edit.op,
                message=wording.message(edit),
                sources=(_source(edit.reference), _source(edit.candidate)),
            )
            for edit in self.comparison.edits
        )

    def report(self, *, width: int = WIDTH, verbose: bool = False, changes_only: bool = False) -> str:
        """The report of ``kerasdiff compare``, without colours: as it is, the long one, or without what is equal."""
        return _text(self._render(verbose=verbose, changes_only=changes_only), width)

    def to_json(self) -> str:
        """The same as JSON, schema ``kerasdiff/1``."""
        from kerasdiff.report.json import to_json

        return to_json(self.comparison)

    def to_html(self) -> str:
        """The same as a page for a browser, a file of its own: graphs side by side, plots, the code of both.

        With ``compare(..., picture=True)`` it shows how far values are apart node by node as well. It holds scripts, so
        a notebook, which runs none of others, shows the report in its place.
        """
        from kerasdiff.report.html.page import to_html
        from kerasdiff.report.named import Named

        return to_html(Named.of(self.comparison))

    def _render(self, *, verbose: bool = False, changes_only: bool = False) -> Callable[[Console], None]:
        from kerasdiff.report.terminal.comparison import render

        return lambda console: render(self.comparison, console, verbose=verbose, changes_only=changes_only)

    def __str__(self) -> str:
        return self.report().rstrip("\n")

    def __repr__(self) -> str:
        basis = f" ({self.basis})" if self.basis else ""
        return f"<kerasdiff: {self.outcome}{basis}: {self.summary}>"

    def _repr_html_(self) -> str:
        return _html(self._render())

    def __bool__(self) -> NoReturn:
        __tracebackhide__ = True
        raise TypeError(
            "A comparison is neither true nor false, for it may be inconclusive: ask for .equivalent, or for .outcome."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """The answer of :func:`kerasdiff.inspect`: what one model does.

    Attributes:
        description: All that is known, as the records the report is made of.
    """

    description: Description

    @property
    def class_name(self) -> str:
        """The class of the model."""
        return self.description.class_name

    @property
    def parameters(self) -> int:
        """How many numbers its weights hold, states of random generators left out."""
        return sum(weight.size for weight in self.description.weights if not weight.is_seed)

    def report(self, *, mode: Literal["inference", "training"] = "inference", width: int = WIDTH) -> str:
        """The report of ``kerasdiff inspect``, without colours."""
        return _text(self._render(mode), width)

    def to_json(self) -> str:
        """The same as JSON, schema ``kerasdiff.inspect/1``."""
        from kerasdiff.report.commands.inspect import description_json

        return description_json(self.description)

    def to_html(self, *, mode: Literal["inference", "training"] = "inference") -> str:
        """The same as a page for a browser, a file of its own, with the graph drawn."""
        from kerasdiff.report.html.inspected import inspected_html

        return inspected_html(self.description, mode)

    def _render(self, mode: Literal["inference", "training"]) -> Callable[[Console], None]:
        from kerasdiff.report.commands.inspect import render_graph

        return lambda console: render_graph(self.description, mode, console)

    def __str__(self) -> str:
        return self.report().rstrip("\n")

    def __repr__(self) -> str:
        return f"<kerasdiff: {self.class_name}, {self.parameters:,} parameters>"

    def _repr_html_(self) -> str:
        return _html(self._render("inference"))


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """The answer of :func:`kerasdiff.convert`.

    Attributes:
        conversion: All that is known, as the records the report is made of.
    """

    conversion: Conversion

    @property
    def written(self) -> bool:
        """Whether the file is there."""
        return self.conversion.written

    @property
    def path(self) -> Path:
        """The file that is, or was to be, written."""
        return Path(self.conversion.output)

    @property
    def reason(self) -> str:
        """Why nothing was written; empty where it was."""
        from kerasdiff.report.wording import converting

        return converting.refusal(self.conversion)

    @property
    def result(self) -> Result:
        """What the comparison of both models gave."""
        return Result(self.conversion.comparison)

    @property
    def mapping(self) -> dict[str, tuple[str, ...]]:
        """The weights of the candidate, each with those of the reference that it is made of."""
        return {item.weight: item.sources for item in self.conversion.carried}

    def to_json(self) -> str:
        """All of it as JSON, schema ``kerasdiff.convert/1``."""
        from kerasdiff.report.commands.convert import conversion_json

        return conversion_json(self.conversion)

    def __repr__(self) -> str:
        return f"<kerasdiff: {self.reason or f'{self.path} written'}>"

    def __bool__(self) -> NoReturn:
        __tracebackhide__ = True
        raise TypeError("A conversion is neither true nor false: ask for .written.")


class NotEquivalentError(AssertionError):
    """Two models are different; the message is the report, the verdict first.

    Attributes:
        result: What the comparison gave.
    """

    def __init__(self, result: Result) -> None:
        super().__init__(_verdict_first(result))
        self.result = result

    def __reduce__(self) -> tuple[type[NotEquivalentError], tuple[Result]]:
        return type(self), (self.result,)


class InconclusiveError(NotEquivalentError):
    """Whether two models are equivalent stayed open: nothing shows that they differ, or that they do not."""


def _source(site: object) -> tuple[Path, int] | None:
    source = getattr(site, "source", None)
    return None if source is None else (Path(source.file), source.line)


def _verdict_first(result: Result) -> str:
    """The report of a failure, without what is equal: a log is read from its top, and often not to its end."""
    lines = [f"{result.outcome}: {result.summary}", *filter(None, [result.advice]), ""]
    return "\n".join([*lines, result.report(changes_only=True).rstrip("\n")])


def _console(width: int, **options: bool) -> tuple[Console, io.StringIO]:
    from rich.console import Console

    stream = io.StringIO()
    return Console(file=stream, width=width, legacy_windows=False, **options), stream  # type: ignore[arg-type]


def _text(render: Callable[[Console], None], width: int) -> str:
    console, stream = _console(width, no_color=True)
    render(console)
    return stream.getvalue()


def _html(render: Callable[[Console], None]) -> str:
    """The report in colours that suit a light and a dark page, in a box that scrolls; all text is escaped."""
    console, _ = _console(WIDTH, record=True, force_terminal=True)
    render(console)
    style = "overflow-x:auto;line-height:1.25;font-family:Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre"
    return console.export_html(inline_styles=True, code_format=f'<pre style="{style}">{{code}}</pre>')


for _public in (Edit, Result, Inspection, NotEquivalentError, InconclusiveError):
    _public.__module__ = "kerasdiff"  # where users know them from
