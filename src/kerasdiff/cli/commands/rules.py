"""``kerasdiff rules``."""

from __future__ import annotations

import click

from kerasdiff.cli.reports.output import Output, report_options


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@report_options("terminal", "json", text="JSON is of schema kerasdiff.rules/1.")
def rules(names: tuple[str, ...], to: Output) -> int:
    """Lists the rules of the normal form, or those called NAME.

    NAME is a rule, or a family of rules.

    \b
    Examples:
      kerasdiff rules
      kerasdiff rules sums
      kerasdiff rules split-activation explicit-padding
    """  # noqa: D301
    from difflib import get_close_matches

    from kerasdiff.canonical import NODE_RULES, RULES
    from kerasdiff.report.commands.rules import render_rules, rules_json

    known = [*NODE_RULES, *RULES]
    every = {word for rule in known for word in (rule.name, rule.family)}
    for name in names:
        if name not in every:
            near = get_close_matches(name, sorted(every), n=3)
            hint = f"; nearest: {', '.join(near)}" if near else ""
            raise click.UsageError(f"no rule is called {name}{hint}; `kerasdiff rules` lists them all.")
    chosen = [rule for rule in known if not names or {rule.name, rule.family} & set(names)]
    to.write(lambda form: lambda console: render_rules(chosen, console), {"json": lambda: rules_json(chosen)})
    return 0
