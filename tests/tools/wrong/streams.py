"""Where may a report not go, and what may be wrong around the command?"""

from __future__ import annotations

from wrong.row import Row

SAME = "compare --no-fit net.py:net net.py:net"
OTHER = "compare --no-fit net.py:net net.py:other"
HELP = "compare --help"
ROWS: tuple[Row, ...] = (
    Row(name="help to a full output", run=HELP, after=">/dev/full", says=("No space left",)),
    Row(name="help to a closed output", run=HELP, after=">&-", says=("is closed",)),
    Row(name="help to a reader that leaves", run=HELP, after="| true", code=0),
    Row(name="rules to a full output", run="rules", after=">/dev/full", says=("No space left",)),
    Row(name="an error to a full output", run="inspect a.py:f", after="2>/dev/full", silent=True),
    Row(name="an error to a closed output", run="inspect a.py:f", after="2>&-", silent=True),
    Row(name="a report to a full output", run=OTHER, after=">/dev/full", says=("No space left",), worker=True),
    Row(name="a report to a closed output", run=OTHER, after=">&-", says=("is closed",), worker=True, slow=True),
    Row(name="JSON to a full output", run=f"{SAME} --format json", after=">/dev/full", says=("No space left",), worker=True, slow=True),
    Row(name="JSON to a closed output", run=f"{SAME} --format json", after=">&-", says=("is closed",), worker=True, slow=True),
    Row(name="a report to a reader that leaves", run=OTHER, after="| head -1; exit ${PIPESTATUS[0]}", code=1, worker=True),
    Row(name="JSON to a reader that leaves", run=f"{OTHER} --format json", after="| head -1; exit ${PIPESTATUS[0]}", code=1, worker=True, slow=True),
    Row(name="everything closed", run=OTHER, after="<&- >&- 2>&-", silent=True, worker=True),
    Row(name="a closed input", run=OTHER, after="<&-", code=1, worker=True, slow=True),
    Row(name="no home", run=OTHER, environment={"HOME": None}, code=1, worker=True, slow=True),
    Row(name="a home that does not exist", run=OTHER, environment={"HOME": "/nowhere"}, code=1, worker=True, slow=True),
    Row(name="a home that is a file", run=OTHER, environment={"HOME": "/dev/null"}, code=1, worker=True, slow=True),
    Row(name="no place for temporary files", run=OTHER, environment={"TMPDIR": "/nowhere"}, code=1, worker=True, slow=True),
    Row(name="a language without letters", run=OTHER, environment={"LC_ALL": "POSIX", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, code=1, worker=True, slow=True),
    Row(name="an output of ASCII", run=OTHER, environment={"PYTHONIOENCODING": "ascii"}, code=1, worker=True),
    Row(name="an encoding of the output that does not exist", run=OTHER, environment={"LC_ALL": "xx_YY.nope"}, code=1, worker=True, slow=True),
    Row(name="one column", run=OTHER, environment={"COLUMNS": "1"}, code=1, worker=True, slow=True),
    Row(name="no column", run=OTHER, environment={"COLUMNS": "0"}, code=1, worker=True, slow=True),
    Row(name="columns of words", run=OTHER, environment={"COLUMNS": "wide"}, code=1, worker=True, slow=True),
    Row(name="columns below zero", run=OTHER, environment={"COLUMNS": "-5"}, code=1, worker=True, slow=True),
    Row(name="columns without end", run=OTHER, environment={"COLUMNS": "99999999"}, code=1, worker=True, slow=True),
)  # fmt: skip
