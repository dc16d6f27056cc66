"""How is what trials showed put into words? Every sentence about a fit, its data and its trouble on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from kerasdiff.errors import ending
from kerasdiff.findings import Fact, Finding
from kerasdiff.fitting.decisions import MOST_PAIRS, POWER
from kerasdiff.side.training import DataSource


def data_words(source: DataSource) -> str:
    """What trials were trained on, in one phrase: with the number of rows, and whether it is made up."""
    return _DATA[source.kind](source)


def _counts(source: DataSource, noun: str = "images") -> str:
    return f"{source.train:,} + {source.test:,} {noun}"


def _folders(source: DataSource) -> str:
    split = f"; split 4 : 1 in each class with seed {source.split_seed}" if source.split_seed is not None else ""
    return f"image folders {source.name} ({_counts(source)}), {source.classes} classes{split}"


def _procedural(source: DataSource) -> str:
    lacking = "CIFAR-10 is not on this machine" if source.cifar10_missing else "not CIFAR-10"
    return f"procedural CIFAR-shaped set, {_counts(source)} ({lacking})"


def _synthetic(source: DataSource) -> str:
    signature = ", ".join(f"{name} {shape}" for name, shape in source.inputs)
    return f"synthetic task for {signature}, {_counts(source, 'rows')} labelled by a random network"


_DATA: Mapping[str, Callable[[DataSource], str]] = {
    "cifar10": lambda source: f"CIFAR-10 from {source.name or 'the Keras cache'} ({_counts(source)})",
    "procedural": _procedural,
    "images": _folders,
    "arrays": lambda source: f"{source.name} ({_counts(source, 'rows')})",
    "synthetic": _synthetic,
}


DRAWS_APART = "Each side draws random numbers of its own, which part the two in any case: only many seeds can tell."


def told(finding: Finding) -> str:
    """A fact about a fit as the detail of its rung, as a note, or as a part of a sentence: without an end."""
    return SENTENCES[finding.fact](finding)


def verdict_sentence(finding: Finding) -> str:
    """The verdict of a fit in sentences, by the finding it rests on."""
    return _VERDICTS.get(finding.fact, told)(finding)


# -- what the trials say -----------------------------------------------------------------------------------------------


def _distances(finding: Finding) -> str:
    """How far apart the trajectories are, and what the controls showed."""
    return f"{_described(finding)}; {_control(finding)}"


def _described(finding: Finding) -> str:
    if "first_parting" not in finding.figures:
        return "every step loss agrees, the tests do not"
    first, distance = int(finding.figures["first_parting"]), finding.figures["distance"]
    if math.isinf(distance):
        return f"losses differ from step {first + 1} on, and one side's alone ends in NaN or infinity"
    return f"losses differ from step {first + 1} on, by up to {distance:.3g}"


def _control(finding: Finding) -> str:
    distance = finding.figures.get("control_distance")
    if distance is None:
        return "no control ran"
    if distance == 0.0:
        text = "the reference trained again (the control) is bit-identical"
    else:
        text = f"the reference trained again (the control) differs by {distance:.2g}: this machine is not deterministic"
    rounding = finding.figures.get("rounding_distance")
    if rounding is not None:
        text += f"; one unit in the last place of the start alone moves the losses by {rounding:.2g}"
    return text


def _leads(finding: Finding) -> str:
    """Who is ahead in the metrics that count, for the epochs that were run."""
    leads = "; ".join(told(part) for part in finding.parts)
    still = {"cross": "; the curves have crossed, so that may change", "close": "; the curves are closing"}
    return f"After {finding.count} epoch{'' if finding.count == 1 else 's'} {leads}{still.get(finding.names[0], '')}."


def _lead(finding: Finding) -> str:
    """``the candidate is ahead in train accuracy by 7.25 points (95 % interval +6.01 to +8.50)``."""
    (metric,) = finding.names
    mean, level = finding.figures["mean"], finding.figures["level"]
    side = "candidate" if (mean > 0) != (metric == "test loss") else "reference"
    size = f"{100 * abs(mean):.2f} {'%' if metric == 'test loss' else 'points'}"
    if "low" not in finding.figures:
        return f"the {side} is ahead in {metric} by {size} with one seed"
    low, high = (100 * finding.figures[bound] for bound in ("low", "high"))
    span = f"{100 * level:.0f} % interval of candidate minus reference {low:+.2f} to {high:+.2f}"
    if low <= 0 <= high:
        return f"neither is clearly ahead in {metric} ({span})"
    return f"the {side} is ahead in {metric} by {size} ({span})"


def _decided(finding: Finding) -> str:
    """What the paired differences say, and what more pairs would bring."""
    if "p_different" not in finding.figures:
        return "One trial pair shows no spread between seeds."
    return _reason(finding) + outlook(finding)


def _reason(finding: Finding) -> str:
    figures, (outcome, way) = finding.figures, finding.names
    pairs, margin = int(figures["pairs"]), figures["margin"]
    later = int(figures["next_look"]) if "next_look" in figures else None
    if "low" not in figures:
        side = f"above +{margin:g}" if way == "above" else f"below -{margin:g}"
        return (
            f"{int(figures['infinite'])} of {pairs} differences are not finite, so there is no mean; "
            f"{int(figures['leading'])} of {pairs} lie {side} (sign test, p {figures['p_different']:.2g}, limit "
            f"{1 - figures['level']:.2g}{'' if later is None else f' at {later} pairs'})"
        )
    span = f"{figures['low']:+.3g} to {figures['high']:+.3g}"
    text = f"The {figures['level']:.1%} interval of the mean of {pairs} differences, {span}, "
    if later is not None:
        return text + f"is held against the margin ±{margin:g} only at {later} pairs"
    lies = {"equivalent": "lies within", "different": "lies beyond", "inconclusive": "reaches across"}[outcome]
    return text + f"{lies} the margin ±{margin:g}"


def outlook(finding: Finding) -> str:
    """The end of the sentence: what more pairs would bring where these do not decide."""
    if finding.names[0] != "inconclusive":
        return "."
    if "seeds_needed" not in finding.figures:
        most = max(int(finding.figures["pairs"]), MOST_PAIRS)
        return f"; if they go on like this, {most} pairs do not decide either."
    chance = f" with a chance of {POWER:.0%}" if "low" in finding.figures else ""
    return f"; if they go on like this, {int(finding.figures['seeds_needed'])} pairs decide{chance}."


def _undecided(finding: Finding) -> str:
    *stopped, last = finding.parts
    lead = "".join(f"Stopped: {told(part).rstrip('.')}. " for part in stopped)
    if finding.names:
        lead += f"{DRAWS_APART} "
    return lead + ("No pair has finished." if last.fact is Fact.NO_PAIR else told(last))


def _cut_off(finding: Finding) -> str:
    lead = "Interrupted; the same command goes on after the last finished epoch."
    if not finding.parts:
        return f"{lead} No trial pair had finished."
    return f"{lead} Up to now: {verdict_sentence(finding.parts[0])}"


def _parted(finding: Finding) -> str:
    ahead = "".join(told(part) for part in finding.parts)
    return f"Trained alike, the two part: {_described(finding)}, and {_control(finding)}. {ahead}".strip()


def _not_finite(finding: Finding) -> str:
    if finding.names:
        return "an input of the training data is NaN or infinite throughout"
    return "the losses of both are NaN or infinite after the first update, if not before"


_VERDICTS: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.TRIALS_IDENTICAL: lambda finding: (
        f"Trained alike, the two are bit-identical: every loss of {finding.count:,} steps and every test output."
    ),
    Fact.TRIALS_NOT_FINITE: lambda finding: f"Nothing was learned, so nothing follows: {_not_finite(finding)}.",
    Fact.TRIALS_APART: _parted,
}


# -- what happened on the way ------------------------------------------------------------------------------------------


def _budget_spent(finding: Finding) -> str:
    budget = finding.figures["budget"]
    return f"the budget of {budget:g} s is spent after {finding.count} of {finding.of} seeds"


def _budget(finding: Finding) -> str:
    figures = finding.figures
    seeds, steps, per_epoch = (int(figures[name]) for name in ("seeds", "steps", "steps_per_epoch"))
    epochs = -(-steps // per_epoch)
    length = f"{epochs} epoch{'' if epochs == 1 else 's'}" if steps % per_epoch == 0 else f"{steps} steps"
    return (
        f"a budget of {figures['budget']:g} s affords {seeds} seed{'' if seeds == 1 else 's'} of {length}, at "
        f"{figures['seconds_per_step'] * 1000:.0f} ms a step for both sides at once"
    )


def _replaced(finding: Finding) -> str:
    label, target = finding.names
    code = finding.figures.get("exit_code")
    end = ending(None if code is None else int(code))
    return f"{label} ({target}): the worker process {end}; the trial went on in a new one"


def _unwritable(finding: Finding) -> str:
    cause = finding.cause or "no space is left on the device"
    return (
        f"what was finished since cannot be kept in {finding.names[0]}: {cause}; free some space there or name another "
        "directory in KERASDIFF_CACHE, and run the same command again to go on from what was kept"
    )


def _of_side(words: Callable[[Finding], str]) -> Callable[[Finding], str]:
    """With the side before it, where it is known."""
    return lambda finding: f"{finding.side}: {words(finding)}" if finding.side is not None else words(finding)


SENTENCES: Mapping[Fact, Callable[[Finding], str]] = {
    Fact.NO_PAIR: lambda finding: "no trial pair has finished",
    Fact.TRIALS_IDENTICAL: lambda finding: f"{finding.count} steps, every loss bit-identical",
    Fact.TRIALS_NOT_FINITE: lambda finding: f"{_not_finite(finding)}, which decides nothing",
    Fact.TRIALS_APART: _distances,
    Fact.TRIALS_START_APART: lambda finding: f"{_distances(finding)}; the two did not start from the same weights",
    Fact.TRIALS_DRAWS_APART: lambda finding: f"{_described(finding)}; each side draws random numbers of its own",
    Fact.TRIALS_ROUNDING: lambda finding: f"{_distances(finding)}: no more than rounding that training amplifies",
    Fact.LEADS: _leads,
    Fact.LEAD: _lead,
    Fact.DECIDED: _decided,
    Fact.UNDECIDED: _undecided,
    Fact.CUT_OFF: _cut_off,
    Fact.BUDGET_SPENT: _budget_spent,
    Fact.BUDGET_PLANNED: _budget,
    Fact.BUDGET_RECALLED: lambda finding: f"{_budget(finding)}, as measured in an earlier run",
    Fact.WORKER_LOST: lambda finding: finding.cause,
    Fact.WORKER_REPLACED: _replaced,
    Fact.TRIALS_IN_TURN: lambda finding: "the device has not the memory for two trials at once, so they took turns",
    Fact.NOT_STORED: _of_side(
        lambda finding: (
            "nothing was kept on disk: the model uses Python code, a table or random numbers whose state "
            "cannot be read back"
        )
    ),
    Fact.NOT_STORED_ELSEWHERE: _of_side(
        lambda finding: f"nothing was kept on disk: a trial on {finding.names[0]} is trained anew each time"
    ),
    Fact.STORE_UNREADABLE: _of_side(
        lambda finding: f"{finding.names[0]} cannot be read ({finding.cause}); what it held is trained anew"
    ),
    Fact.STORE_UNWRITABLE: _of_side(_unwritable),
}
"""The words of every fact about a fit; the face of the package asks for them by fact."""
