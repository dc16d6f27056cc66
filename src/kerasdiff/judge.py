"""Which verdict follows from the evidence? A table without exceptions: nothing is equivalent that was not compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kerasdiff.align.edits import COMPUTATION, MASKING, Edit
from kerasdiff.comparison import NUMERIC, Rung, RungName, Verdict
from kerasdiff.options import STRENGTHS, Required

STRUCTURAL = frozenset(
    {"op", "wiring", "unroll", "use_cudnn", "implementation", "flash_attention", "activation", "axis", "axes",
     "keep_dims", "keepdims", "to", "target_shape", "perm", "dims", "pads", "padding", "strides", "dilations",
     "data_format", "equation", "dtype", "adj_x", "adj_y", "transpose_a", "transpose_b", "return_sequences",
     "return_state", "zero_output_for_mask", "go_backwards"}
)  # fmt: skip
"""Attributes that move every value or none: random probes decide about them. Bounds and thresholds may hide."""

BEGINNINGS = (
    "reference ",
    "candidate ",
    "in the ",
    "outputs ",
    "weights of ",
    "compile settings",
    "output ",
    "a loss ",
)
"""How the messages of edits begin, where not with the name of a node."""

_CONSTANT = "constant "
"""How an op that is a constant is put into words."""

UNIMPLIED: tuple[RungName, ...] = ("interface", "weights")
"""Rungs that no proof of the graphs implies: without them nothing is equivalent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What :func:`judge` looks at.

    Attributes:
        proved: Whether the canonical graphs are isomorphic in both modes.
        complete: Whether every weight in use was carried over.
        guessed: Whether some were paired by order and shape alone.
        regrouped: Whether the others may be the same ones, joined on one side.
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
    regrouped: bool = False
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
        because = "".join(f"{rung.figures['because']}." for rung in case.rungs.values() if "because" in rung.figures)
        return replace(found, summary=" ".join(text for text in (found.summary, because, case.explained) if text))
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
            f"Same function, but it starts or learns otherwise: {lead}" if same else lead, settings if same else told
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
    told_apart = explained or one_sided or case.sizes[0] != case.sizes[1]
    if not case.complete and not case.regrouped and case.edits and told_apart:
        return _different("", told)
    return None


def _apart(case: Case) -> Verdict:
    """Everything agrees but the trajectories part: something is not seen, so nothing is claimed."""
    text = f"Every other rung agrees, but the trial pair parts: {case.rungs['fit'].detail}."
    return Verdict(outcome="inconclusive", basis=None, summary=text)


def _may_hide(edit: Edit) -> bool:
    """Whether an update changes a bound, a constant or the like, which probes may never reach; one side may lack it."""
    for key, (one, two) in edit.attributes.items():
        if key == COMPUTATION:
            texts = str(one), str(two)
            if all(text.startswith(_CONSTANT) for text in texts) and not _same_bound(
                *(text.removeprefix(_CONSTANT) for text in texts)
            ):
                return True
        elif (
            key.rpartition(".")[2] not in STRUCTURAL
            and (None not in (one, two) or _is_number(one) or _is_number(two))
            and not _same_bound(one, two)
        ):
            return True
    return False


def _same_bound(one: Any, two: Any) -> bool:
    """Whether two constants are the same number, as ids compared to 0 or to 0.0, or both stand for infinity.

    So do those of one sign that are as large as the mask of a softmax.
    """
    first, second = (value if isinstance(value, tuple | list) else (value,) for value in (one, two))
    pairs = [(_number(a), _number(b)) for a, b in zip(first, second, strict=False)]
    return len(first) == len(second) and all(
        a is not None and b is not None and (a == b or (min(abs(a), abs(b)) >= MASKING and (a < 0) == (b < 0)))
        for a, b in pairs
    )


def _number(value: Any) -> float | None:
    """A number, or one that a rewrite put into words; else ``None``."""
    if not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


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
    """``reference lacks relu after a, b and c, but candidate applies it at b.py:26, b.py:30 and b.py:34``."""
    if len(edits) == 1:
        return edits[0].message
    after = [edit.after.get(lacks) or edit.after.get(has) for edit in edits]
    sites = [edit.candidate if has == "candidate" else edit.reference for edit in edits]
    lines = [str(site.source) for site in sites if site is not None and site.source is not None]
    where = f" after {_listed([name for name in after if name])}" if all(after) else ""
    at = f" at {_listed(lines)}" if lines else ""
    return f"{lacks} lacks {op}{where}, but {has} applies it{at}"


def _listed(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    shown = unique[:5] + ([f"{len(unique) - 5} more"] if len(unique) > 5 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _different(lead: str, told: str) -> Verdict:
    summary = " ".join(part for part in (lead.strip(), told) if part) or "The models differ."
    return Verdict(outcome="different", basis="witness", summary=_sentence(summary))


def _sentence(text: str) -> str:
    """The text with a capital at its beginning, unless it begins with the name of a node."""
    return text[0].upper() + text[1:] if text.startswith(BEGINNINGS) else text


def _open(case: Case, outcomes: Mapping[str, str], told: str) -> str:
    open_: dict[str, list[str]] = {}
    for name, rung in case.rungs.items():
        if rung.outcome in ("failed", "skipped") or (name in NUMERIC and rung.outcome == "advisory"):
            open_.setdefault(rung.detail.rstrip("."), []).append(name)
    reasons = [f"{_listed(names)}: {detail}" for detail, names in open_.items()]
    if "different" in (outcomes.get("inference"), outcomes.get("training step")):
        reasons.append("numbers differ, but which weights correspond had to be guessed")
    text = f"Neither proved nor refuted: {'; '.join(reasons)}." if reasons else "Neither proved nor refuted."
    return f"{text} Unmatched: {told}" if told else text
