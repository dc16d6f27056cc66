"""``kerasdiff rules``."""

from __future__ import annotations

import click

from kerasdiff.cli.output import Output, report_options


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@report_options("terminal", "json", text="JSON is of schema kerasdiff.rules/1.")
def rules(names: tuple[str, ...], to: Output) -> int:
    """Lists the rules of the normal form, or those called NAME.

    \b
    Examples:
      kerasdiff rules
      kerasdiff rules split-activation explicit-padding
    """  # noqa: D301
    from kerasdiff.canonical import NODE_RULES, RULES
    from kerasdiff.report.rules import render_rules, rules_json

    known = [*NODE_RULES, *RULES]
    strange = [name for name in names if name not in {rule.name for rule in known}]
    if strange:
        raise click.BadParameter(f"no rule is called {strange[0]}; `kerasdiff rules` lists them all.")
    chosen = [rule for rule in known if not names or rule.name in names]
    to.write(lambda form: lambda console: render_rules(chosen, console), {"json": lambda: rules_json(chosen)})
    return 0
