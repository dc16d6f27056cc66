"""What is left of a process that ended: its last words, and what it started."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from kerasdiff.errors import CUT_OFF, ending
from kerasdiff.side.ending import orphans
from kerasdiff.side.ending.printed import LONGEST, MOST_LINES, last_words


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("one\ntwo\n", "one\ntwo"),
        ("\x1b[1mEpoch 1/2\x1b[0m\n1/9 \x1b[37m━━━━\x1b[0m 1s\r9/9 \x1b[32m━━━━\x1b[0m 0s\n", "Epoch 1/2\n9/9 ━━━━ 0s"),
        ("  3%|▎    | 1/30\r100%|█████| 30/30\ndone\n", "100%|█████| 30/30\ndone"),
        ("1/2 ━━━━\n2/2 ━━━━\n\n1/2 ━━━━\n2/2 ━━━━\nlost\n", "2/2 ━━━━\nlost"),
        ("abc\x08\x08\x08xyz\n", "xyz"),
        ("\x1b]0;title\x07\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\\n", "link"),
        ("a\x00\x01\x7fb\n", "ab"),
        ("I0000 00:00 noise\nWARNING: All log messages before absl::Init\nlast\n", "last"),
        ('  File "/a.py", line 3 in f\n  File "/x/kerasdiff/side/s.py", line 9 in s\n', '  File "/a.py", line 3 in f'),
        ("\n" * 50, ""),
    ],
)  # fmt: skip
def test_a_person_can_read_them(printed: str, words: str) -> None:
    assert last_words(printed.encode()) == words


def test_there_are_not_too_many() -> None:
    told = last_words(b"x" * 100_000 + b"\n" + b"line\n" * 100)

    assert len(told.splitlines()) == MOST_LINES
    assert all(len(line) <= LONGEST + 5 for line in last_words(b"x" * 100_000).splitlines())


def test_bytes_that_are_no_text_are_told_too() -> None:
    assert last_words(bytes(range(128, 256))) == "\ufffd" * 128


def test_a_lost_connection_has_a_reason() -> None:
    assert "closes file descriptors that are not its own" in ending(CUT_OFF)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_everything_below_a_process_is_found() -> None:
    inner = "import time; print(1, flush=True); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (child,) = orphans.below(process.pid)
        process.kill()
        subprocess.run(["kill", "-9", str(child)], check=True)
    deadline = time.monotonic() + 60
    while orphans.below(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert orphans.below(process.pid) == []
