"""``kerasdiff compare``."""

from __future__ import annotations

import click

from kerasdiff.cli.comparing import Asked, compared, comparison_options
from kerasdiff.cli.options.against import pair_arguments, pair_of
from kerasdiff.cli.options.common import EXIT_CODES_HELP, TARGETS_HELP, understood


@click.command(epilog=TARGETS_HELP + EXIT_CODES_HELP)
@pair_arguments
@comparison_options
def compare(reference: str | None, candidate: str | None, against: str | None, asked: Asked) -> int:
    """Compares the model CANDIDATE with the model REFERENCE.

    \b
    Examples:
      kerasdiff compare a.py:ConvModel_1 b.py:ConvModel_2
      kerasdiff compare old.py:Net 'new.py:Net(width=64)' --input 224,224,3
      kerasdiff compare old.py:build new.py:build --input ids=16:int32@0..100
      kerasdiff compare a.py:Net b.py:Net --no-fit --format json=report.json
      kerasdiff compare a.py:Net b.py:Net --html report.html --open
      kerasdiff compare --against main models.py:build
    """  # noqa: D301
    texts, revision = pair_of(reference, candidate, against)
    (first, second), specs = understood(texts, asked.inputs, asked.data, revision)
    return compared((first, second), specs, asked)
