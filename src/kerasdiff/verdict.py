"""All evidence of one comparison in one frozen record, and the verdict that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from numpy.typing import NDArray

from kerasdiff.edits import Edit
from kerasdiff.graph import Mode, Node
from kerasdiff.options import STRENGTHS, Required
from kerasdiff.trials import FitEvidence

Outcome = Literal["equivalent", "different", "inconclusive"]
Basis = Literal["proof", "numeric", "statistical", "witness"]
SideName = Literal["reference", "candidate"]
RungName = Literal["interface", "architecture", "weights", "inference", "training step", "checkpoint", "fit"]
RungOutcome = Literal["equal", "different", "advisory", "skipped", "failed"]
RowState = Literal["kept", "rewritten", "inserted", "deleted", "updated", "moved", "rewired"]

STRUCTURAL = frozenset(
    {"op", "wiring", "unroll", "use_cudnn", "implementation", "flash_attention", "activation", "axis", "axes",
     "keep_dims", "keepdims", "to", "target_shape", "perm", "dims", "pads", "padding", "strides", "dilations",
     "data_format", "equation", "dtype", "adj_x", "adj_y", "transpose_a", "transpose_b", "return_sequences",
     "return_state", "zero_output_for_mask", "go_backwards"}
)  # fmt: skip
"""Attributes that move every value or none: random probes decide about them. Bounds and thresholds may hide."""

EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""

NUMERIC: tuple[RungName, ...] = ("inference", "training step")
"""Rungs that run both models on numbers."""

UNIMPLIED: tuple[RungName, ...] = ("interface", "weights")
"""Rungs that no proof of the graphs implies: without them nothing is equivalent."""

EXIT_CODES: Mapping[Outcome, int] = {"equivalent": 0, "different": 1, "inconclusive": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One level of evidence.

    Attributes:
        detail: One sentence a person reads.
        figures: JSON data: every number with its limit, place and count.
    """

    name: RungName
    outcome: RungOutcome
    detail: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """One application of a canonicalisation rule."""

    rule: str
    side: SideName
    node: str
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the side-by-side layer table; a side is ``None`` where the other stands alone."""

    state: RowState
    reference: Node | None
    candidate: Node | None
    reference_parameters: int = 0
    candidate_parameters: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One side as the report names it.

    Attributes:
        nodes: Nodes of the canonical graph.
        interface: Readable inputs and outputs (``input float32 (None, 32, 32, 3)``).
    """

    target: str
    class_name: str
    parameters: int
    trainable_parameters: int
    nodes: int
    interface: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """A pair of aligned nodes whose values differ.

    Attributes:
        nodes: The reference's and the candidate's id.
        difference: The largest, as a fraction of the reference value's scale.
        detail: The figures in words.
        edits: Positions of the edits that lie before it.
    """

    nodes: tuple[str, str]
    difference: float
    detail: str
    edits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one edit does when it is applied to the reference alone.

    Attributes:
        sizes: By figure (``output``, ``training output``, ``gradient``, ``loss``, ``state``); empty where not measured.
        harmless: Whether all of them are rounding.
    """

    sizes: Mapping[str, float]
    harmless: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """How much of the difference each edit accounts for, and what remains with all of them applied.

    Attributes:
        effects: By edit of the architecture rung, in order.
        together: Positions of edits that stand so close that they were applied as one.
        total: What all edits together change, by figure.
        remaining: What still tells the candidate from the reference with every edit applied, by figure.
        limits: By figure, the limit below which a change is rounding.
        explained: Whether the edits change something, and nothing remains with all of them applied.
        divergence: The earliest aligned node whose value differs.
        own: Every aligned node that differs although it is given the reference's values.
        one_way: By node of an edit that decides by comparing values: which way it went on every probe.
        compared: How many values were compared so.
        notes: What could not be attributed, and why.
        probes, precision: On which it was measured.
    """

    effects: tuple[Effect, ...]
    together: tuple[tuple[int, ...], ...]
    total: Mapping[str, float]
    remaining: Mapping[str, float]
    limits: Mapping[str, float]
    explained: bool
    divergence: OwnAccount | None
    own: tuple[OwnAccount, ...]
    one_way: tuple[str, ...]
    compared: int
    notes: tuple[str, ...]
    probes: tuple[str, ...]
    precision: str

    @property
    def sentence(self) -> str:
        """What follows for the edits as a whole; empty where they could not be applied together."""
        count = len(self.effects)
        if not count or not self.remaining:
            return ""
        lead = f"With {'this edit' if count == 1 else f'these {count} edits'} applied"
        if self.explained:
            most = max(abs(size) for size in self.remaining.values())
            agree = f"to {most:.0e} of scale" if most else "to the last bit"
            return f"{lead} the two models agree {agree}: nothing else differs."
        beyond = [(key, size) for key, size in self.remaining.items() if size > self.limits.get(key, 0.0)]
        if not beyond:
            return f"{lead} no output, gradient or state update changes beyond rounding."
        key, size = beyond[0]
        limit = self.limits.get(key, 0.0)
        return (
            f"{lead} they still differ ({key} by {size:.1e}, limit {limit:.0e}): something differs that no edit names."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """An input on which two models part, with what it takes to see it again.

    Attributes:
        inputs: One batch per model input.
        mode: In which they part.
        gain: Factor on the weights.
        how: Where it comes from (``probe large``), or how it was found.
        difference: The largest, as a fraction of the reference output's scale.
    """

    inputs: tuple[NDArray[Any], ...]
    mode: Mode
    gain: float
    how: str
    difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """A rung, or a part of one, that did not run, and why."""

    rung: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer: outcome, what it rests on, and one sentence."""

    outcome: Outcome
    basis: Basis | None
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything a report shows.

    Attributes:
        terms: What the comparison took for granted, in reading order: seeds, tolerances, what was inferred.
        rows: The side-by-side table, in the order of the reference with insertions in place.
        interrupted: Whether somebody cut it off; it then holds what was known.
    """

    verdict: Verdict
    reference: ModelInfo
    candidate: ModelInfo
    environment: Mapping[str, str]
    terms: tuple[tuple[str, str], ...]
    rungs: tuple[Rung, ...]
    edits: tuple[Edit, ...]
    rewrites: tuple[Rewrite, ...]
    rows: tuple[Row, ...]
    fit: FitEvidence | None
    not_checked: tuple[NotChecked, ...]
    attribution: Attribution | None = None
    witness: Witness | None = None
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """What a command that reports it exits with."""
        return EXIT_INTERRUPTED if self.interrupted else EXIT_CODES[self.verdict.outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What :func:`judge` looks at.

    Attributes:
        proved: Whether the canonical graphs are isomorphic in both modes.
        complete: Whether every weight in use was carried over.
        guessed: Whether some were paired by order and shape alone.
        unseen: Reasons why an equivalence would claim too much: what no rung could look at.
        explained: What attribution says of the edits, for the summary of a difference.
        require: The weakest basis that passes as equivalent.
        gates: Rungs without which nothing is equivalent, whatever it rests on.
    """

    rungs: Mapping[str, Rung]
    edits: tuple[Edit, ...]
    proved: bool
    complete: bool
    guessed: bool
    sizes: tuple[int, int]
    unseen: tuple[str, ...] = ()
    explained: str = ""
    require: Required = "statistical"
    gates: tuple[RungName, ...] = UNIMPLIED


def judge(case: Case) -> Verdict:
    """Decides outcome and basis.

    What the rungs say comes first, then the gates that no other evidence replaces, then the reasons why an
    equivalence would claim too much: a gate that did not run, something unseen, weaker evidence than required.
    """
    found = _judged(case)
    if found.outcome == "different":
        return replace(found, summary=f"{found.summary} {case.explained}".strip())
    checkpoint = case.rungs.get("checkpoint")
    if checkpoint is not None and checkpoint.outcome == "different":
        lead = "Same function, other stored weights" if found.outcome == "equivalent" else "The stored weights differ"
        return _different(f"{lead}: {checkpoint.detail}.", "")
    if found.outcome != "equivalent":
        return found
    text = _shut(case) or _unseen(case) or _weaker(case, found)
    return Verdict(outcome="inconclusive", basis=None, summary=text) if text else found


def _shut(case: Case) -> str:
    """The gates that are not open; a rung with a remark (``advisory``) found nothing against an equivalence."""
    shut = []
    for name in case.gates:
        rung = case.rungs.get(name)
        if rung is None or rung.outcome in ("skipped", "failed"):
            shut.append(f"{name}: {'did not run' if rung is None else rung.detail}")
    return f"No difference found, but not all of it was compared: {'; '.join(shut)}." if shut else ""


def _unseen(case: Case) -> str:
    return f"No difference found, but not all of it was seen: {'; '.join(case.unseen)}." if case.unseen else ""


def _weaker(case: Case, found: Verdict) -> str:
    """What was found and what was required, where the basis is weaker than required."""
    if found.basis not in STRENGTHS or STRENGTHS.index(found.basis) <= STRENGTHS.index(case.require):
        return ""
    return f"No difference found, but the evidence is {found.basis} and {case.require} is required: {found.summary}"


def _judged(case: Case) -> Verdict:
    """The first row of the table that applies to the rungs.

    ``different`` needs a witness: another interface, other weight settings, a numeric difference under weights that
    correspond, or an edit that no weights can make equal. ``equivalent`` needs a proof, or every numeric rung equal.
    All else is ``inconclusive``, with the reason.
    """
    outcomes = {name: rung.outcome for name, rung in case.rungs.items()}
    told = _told(case.edits)
    if outcomes.get("interface") == "different":
        return _different(f"The interfaces differ: {case.rungs['interface'].detail}.", told)
    if outcomes.get("weights") == "different":
        lead = "" if told else f"{case.rungs['weights'].detail}."
        same = case.proved or (outcomes.get("inference"), outcomes.get("training step")) == ("equal", "equal")
        settings = _told(tuple(edit for edit in case.edits if edit.rung == "weights")) or told
        return _different(
            f"Same function, other start or learning: {lead}" if same else lead, settings if same else told
        )
    if case.proved:
        if "different" in (outcomes.get("inference"), outcomes.get("training step")):
            text = "The graphs were proved the same but their outputs differ; please report this as a bug in kerasdiff."
            return Verdict(outcome="inconclusive", basis=None, summary=text)
        if outcomes.get("fit") == "different":
            return _apart(case)
        return Verdict(
            outcome="equivalent",
            basis="proof",
            summary="The canonical graphs are the same, weight for weight, in inference and training.",
        )
    settled = _numeric(case, outcomes, told)
    return settled or Verdict(outcome="inconclusive", basis=None, summary=_open(case, outcomes, told))


def _numeric(case: Case, outcomes: Mapping[str, str], told: str) -> Verdict | None:
    numeric = outcomes.get("inference"), outcomes.get("training step")
    explained = any(edit.kind in ("update", "rewire", "move") for edit in case.edits)
    one_sided = bool(case.edits) and len({edit.kind for edit in case.edits}) == 1
    if (
        "different" in numeric
        and case.complete
        and (not case.guessed or explained or one_sided or numeric[0] == "equal")
    ):
        rung = case.rungs["inference"] if numeric[0] == "different" else case.rungs["training step"]
        where = "outputs" if numeric[0] == "different" else "training steps"
        return _different("" if told else f"The {where} differ: {rung.detail}.", told)
    changed = [edit for edit in case.edits if edit.kind == "update" and _may_hide(edit)]
    if numeric == ("equal", "equal") and case.complete and changed:
        text = f"No probe tells them apart, but settings differ: {_told(tuple(changed))}"
        return Verdict(outcome="inconclusive", basis=None, summary=text)
    if numeric == ("equal", "equal") and case.complete:
        if outcomes.get("fit") == "different":
            return _apart(case)
        text = (
            "Not proved by rewrites, but equal on every probe: outputs, training outputs, gradients and state updates."
        )
        return Verdict(outcome="equivalent", basis="numeric", summary=text)
    if not case.complete and case.edits and (case.sizes[0] != case.sizes[1] or explained or one_sided):
        return _different("", told)
    return None


def _apart(case: Case) -> Verdict:
    """Everything agrees but the trajectories part: something is not seen, so nothing is claimed."""
    text = f"Every other rung agrees, but the trial pair parts: {case.rungs['fit'].detail}."
    return Verdict(outcome="inconclusive", basis=None, summary=text)


def _may_hide(edit: Edit) -> bool:
    """Whether an update changes a bound, a constant or the like, which probes may never reach; one side may lack it."""
    for key, (one, two) in edit.attributes.items():
        if key == "ops":
            if all(str(side).startswith("constant ") for side in (one, two)):
                return True
        elif key.rpartition(".")[2] not in STRUCTURAL and (
            None not in (one, two) or _is_number(one) or _is_number(two)
        ):
            return True
    return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(edits: tuple[Edit, ...]) -> str:
    """The edits in a sentence: insertions of one op together, the rest by their messages, three at most."""
    parts: list[str] = []
    for kind, has, lacks in (("insert", "candidate", "reference"), ("delete", "reference", "candidate")):
        groups: dict[str, list[Edit]] = {}
        for edit in edits:
            if edit.kind == kind:
                groups.setdefault(edit.op, []).append(edit)
        parts += [_group(op, group, has, lacks) for op, group in groups.items()]
    parts += [edit.message for edit in edits if edit.kind not in ("insert", "delete")]
    more = f"; and {len(parts) - 3} more" if len(parts) > 3 else ""
    return f"{'; '.join(parts[:3])}{more}." if parts else ""


def _group(op: str, edits: list[Edit], has: str, lacks: str) -> str:
    """``reference lacks relu after a, b and c; candidate applies it at b.py:26, b.py:30 and b.py:34``."""
    if len(edits) == 1:
        return edits[0].message
    after = [edit.after.get(lacks) or edit.after.get(has) for edit in edits]
    sites = [edit.candidate if has == "candidate" else edit.reference for edit in edits]
    lines = [str(site.source) for site in sites if site is not None and site.source is not None]
    where = f" after {_listed([name for name in after if name])}" if all(after) else ""
    at = f" at {_listed(lines)}" if lines else ""
    return f"{lacks} lacks {op}{where}; {has} applies it{at}"


def _listed(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    shown = unique[:5] + ([f"{len(unique) - 5} more"] if len(unique) > 5 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _different(lead: str, told: str) -> Verdict:
    summary = " ".join(part for part in (lead.strip(), told) if part) or "The models differ."
    return Verdict(outcome="different", basis="witness", summary=summary)


def _open(case: Case, outcomes: Mapping[str, str], told: str) -> str:
    reasons = [
        f"{name}: {rung.detail}"
        for name, rung in case.rungs.items()
        if rung.outcome in ("failed", "skipped") or (name in NUMERIC and rung.outcome == "advisory")
    ]
    if "different" in (outcomes.get("inference"), outcomes.get("training step")):
        reasons.append("numbers differ, but which weights correspond had to be guessed")
    text = f"Neither proved nor refuted. {'; '.join(reasons)}." if reasons else "Neither proved nor refuted."
    return f"{text} Unmatched: {told}" if told else text
