"""At which line does a worker hang? Read from the stacks that Python's fault handler writes."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

import kerasdiff
from kerasdiff.side.ending.hanging import hung_at

OWN = Path(kerasdiff.__file__).parent
STACKS = f"""Thread 0x00007f3e3a5ff6c0 (most recent call first):
  File "/elsewhere/reader.py", line 5 in read
  File "{OWN}/side/wire/frames.py", line 95 in _length

Current thread 0x00007f3e42464b80 (most recent call first):
  File "{sysconfig.get_paths()["stdlib"]}/threading.py", line 982 in wait
  File "{{file}}", line 2 in call
  File "<string>", line 1 in <module>
  File "{OWN}/worker/loading/load.py", line 291 in load
  File "{OWN}/worker/server.py", line 76 in _handle
"""


def test_the_innermost_line_of_the_users_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "slow.py"
    file.write_text("import time\nlock.wait()\n")
    monkeypatch.chdir(tmp_path)

    assert hung_at(STACKS.format(file=file)) == " in slow.py:2 (lock.wait())"


@pytest.mark.parametrize("stacks", ["", STACKS.format(file=OWN / "worker" / "x.py"), "Fatal Python error\n\n  File"])
def test_nothing_is_told_where_no_such_line_is_there(stacks: str) -> None:
    assert hung_at(stacks) == ""
