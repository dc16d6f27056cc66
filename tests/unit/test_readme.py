"""The README says what the code does."""

from __future__ import annotations

import re
import shlex

import click
from update_readme import README, ROOT, report_block, setup_line

from kerasdiff.canonical import NODE_RULES, RULES
from kerasdiff.cli.commands.data import data
from kerasdiff.comparison import EXIT_CODES
from kerasdiff.options import IGNORABLE, STRENGTHS
from kerasdiff.side.targets import parse_input, parse_target

TEXT = README.read_text()


def test_setup_lines_install_and_run():
    use, test = setup_line("use", TEXT), setup_line("test", TEXT)

    assert use.startswith("python -m pip install . && kerasdiff compare ")
    assert test == "python -m pip install -e '.[test]' && python -m pytest"


def test_targets_of_the_examples_exist(monkeypatch):
    monkeypatch.chdir(ROOT)
    targets = re.findall(r"examples/\S+\.py:\w+", TEXT)

    assert len(targets) >= 4
    for text in targets:
        target = parse_target(text)
        with open(target.location, encoding="utf-8") as file:
            assert re.search(rf"^(class |def )?{target.name}\b", file.read(), re.MULTILINE), text


def test_inputs_parse():
    inputs = re.findall(r"--input (?!\[)(\S+)", TEXT)

    assert len(inputs) >= 3
    for text in inputs:
        parse_input(text)


def test_exit_codes_are_those_of_the_verdict():
    documented = {meaning: int(code) for code, meaning in re.findall(r"^\| (\d+) \| (\w+)", TEXT, re.MULTILINE)}

    assert {outcome: documented[outcome] for outcome in EXIT_CODES} == dict(EXIT_CODES)


def test_policy_is_that_of_the_options():
    section = TEXT.partition("## What counts, and what is enough")[2].partition("\n## ")[0]
    named = re.findall(r"`(\w+)`", section.partition("`--ignore NAME,…`")[2].partition("|\n")[0])

    assert named == list(IGNORABLE)
    assert [name for name in STRENGTHS if name not in section] == []


def test_families_of_rules_are_those_of_the_code():
    table = TEXT.partition("## What counts as the same")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)

    assert sorted(listed) == sorted({rule.family for rule in [*NODE_RULES, *RULES]})


def test_report_is_a_real_one():
    source = (ROOT / "examples" / "forum" / "b.py").read_text().splitlines()
    lines = [number for number, line in enumerate(source, 1) if "activations.relu(x)" in line]
    report = report_block(TEXT)

    assert "different" in report.lower()
    assert [number for number in lines if f"b.py:{number}" not in report] == []
    assert "201,354" in report


def test_data_commands_have_the_options_they_are_shown_with():
    lines = re.findall(r"^kerasdiff data ([^#\n]+)", TEXT, re.MULTILINE)

    assert len(lines) >= 3
    for line in lines:
        name, *arguments = shlex.split(line)
        command = data.commands[name]
        _, left, _ = command.make_parser(click.Context(command)).parse_args(arguments)
        assert left == [], line
