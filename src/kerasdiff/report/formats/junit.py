"""JUnit XML: what build servers show as test results, a rung or a pair each.

References:
    No standard; what ``pytest`` writes is what Jenkins, GitLab and GitHub's reporters read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as Xml

from kerasdiff.comparison import Comparison
from kerasdiff.report import wording
from kerasdiff.report.cleaning import clean
from kerasdiff.report.named import Named
from kerasdiff.rungs.records import Rung


def to_junit(several: Sequence[Named]) -> str:
    """Test results: one case a rung and one for the verdict of a single comparison, one case a pair of several."""
    cases = list(_of_one(several[0]) if len(several) == 1 else map(_of_pair, several))
    suite = Xml.Element("testsuite", name="kerasdiff", tests=str(len(cases)))
    for kind, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(kind, str(sum(case.find(name) is not None for case in cases)))
    suite.extend(cases)
    suites = Xml.Element("testsuites", name="kerasdiff")
    suites.append(suite)
    Xml.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(suites, encoding="unicode") + "\n"


def _of_one(item: Named) -> Iterator[Xml.Element]:
    comparison = item.comparison
    if comparison is None:
        yield _of_pair(item)
        return
    group = item.targets[1]  # by which a server knows a test again; the reference may be of another revision each time
    yield _judged(_case(item.name or "verdict", group), item, comparison)
    for rung in comparison.rungs:
        yield _rung(_case(rung.name, group), rung)
    told = {rung.name for rung in comparison.rungs}
    for left in comparison.not_checked:
        if left.rung not in told:
            case = _case(left.rung, group)
            Xml.SubElement(case, "skipped", message=clean(wording.sentence(left.reason)))
            yield case


def _rung(case: Xml.Element, rung: Rung) -> Xml.Element:
    names = {"different": "failure", "failed": "error", "skipped": "skipped"}
    detail = clean(wording.detail(rung))
    if rung.outcome in names:
        Xml.SubElement(case, names[rung.outcome], message=detail)
    else:
        Xml.SubElement(case, "system-out").text = detail
    return case


def _of_pair(item: Named) -> Xml.Element:
    case = _case(item.name or item.targets[1], "kerasdiff")
    if item.comparison is not None:
        return _judged(case, item, item.comparison)
    if item.skipped:
        Xml.SubElement(case, "skipped", message=clean(item.reason))
    else:
        Xml.SubElement(case, "error", message=clean(item.error or item.reason))
    return case


def _judged(case: Xml.Element, item: Named, comparison: Comparison) -> Xml.Element:
    """A case by whether the comparison passes: its verdict, and below it the edits."""
    verdict = comparison.verdict
    message = clean(f"{verdict.outcome}: {wording.summary(comparison)}")
    if item.passed:
        Xml.SubElement(case, "system-out").text = message
        return case
    why = f"{clean(item.reason)}; {message}" if item.reason else message
    failure = Xml.SubElement(case, "failure", message=why, type=verdict.outcome)
    lines = [wording.message(edit) for edit in comparison.edits] + [wording.advice(comparison)]
    failure.text = "\n".join(clean(line) for line in lines if line) or why
    return case


def _case(name: str, group: str) -> Xml.Element:
    return Xml.Element("testcase", classname=clean(group), name=clean(name))
