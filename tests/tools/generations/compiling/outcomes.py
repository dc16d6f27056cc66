"""What does kerasdiff say of every row? ``python outcomes.py [GROUP[:NAME]]…`` prints outcome and first sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rows import GROUPS

import kerasdiff


def main(wanted: list[str]) -> None:
    os.chdir(Path(__file__).parent)
    for group, rows in GROUPS.items():
        for name in rows:
            if wanted and group not in wanted and f"{group}:{name}" not in wanted:
                continue
            call = f"build(group={group!r}, name={name!r})"
            try:
                result = kerasdiff.compare(f"second.py:{call}", f"third.py:{call}", fit=False)
                said = f"{result.outcome:12} {result.summary}"
            except kerasdiff.KerasdiffError as error:
                said = f"error        {error}"
            print(f"{group}:{name:24} {said}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
