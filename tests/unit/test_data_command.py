"""``kerasdiff data``: a download that survives everything, from a server of the test's own; and pictures of data."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from data_files import archive, binary_batches, fill_cache, images, pixels, write_files
from data_server import ARCHIVE, SHA256, Server, serving

from kerasdiff.cli import main
from kerasdiff.data import cifar, download
from kerasdiff.report.commands.data import shrunk

HALF = len(ARCHIVE) // 2


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        yield server


def ask(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ("data", *arguments))
    assert "this is a bug" not in result.stderr, result.stderr
    return result


def fetch(server: Server, sha256: str = SHA256) -> Result:
    return ask("cifar10", "--url", server.url, "--sha256", sha256)


def cached(keras_home: Path) -> list[str]:
    """What is in the cache, folders left out."""
    return sorted(str(path.relative_to(keras_home)) for path in keras_home.rglob("*") if path.is_file())


PLACE = f"datasets/{cifar.FOLDERS[0]}"
COMPLETE = sorted([f"datasets/{download.ARCHIVE}", *(f"{PLACE}/{name}" for name in cifar.PYTHON_FILES)])
PART = f"datasets/{download.ARCHIVE}.{SHA256[:8]}.part"


def test_a_download_ends_where_keras_and_kerasdiff_look(server: Server, keras_home: Path) -> None:
    result = fetch(server)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout == f"CIFAR-10 is in {keras_home / PLACE}; its archive has the SHA-256 {SHA256}.\n"
    assert cached(keras_home) == COMPLETE
    assert cifar.cifar10_cached() == keras_home / PLACE
    np.testing.assert_array_equal(cifar.cached_table().arrays["x_test"], images())


def test_what_is_there_is_not_downloaded_again(server: Server, keras_home: Path) -> None:
    fetch(server)
    again = fetch(server)
    assert (again.exit_code, again.stdout) == (0, f"CIFAR-10 is already in {keras_home / PLACE}.\n")
    # Interrupted between the archive and the batches: unpacked from what is here.
    (keras_home / PLACE / "data_batch_2").unlink()
    assert fetch(server).exit_code == 0
    assert cached(keras_home) == COMPLETE
    assert len(server.asked) == 1


def test_a_dropped_connection_is_resumed_by_the_same_command(server: Server, keras_home: Path) -> None:
    server.drop_after = HALF
    dropped = fetch(server)
    assert dropped.exit_code == 2
    assert f"was lost after {HALF:,} of {len(ARCHIVE):,} bytes" in dropped.stderr
    assert "the same command resumes" in dropped.stderr
    assert cached(keras_home) == [PART]
    server.drop_after = None
    assert fetch(server).exit_code == 0
    assert server.asked == [None, f"bytes={HALF}-"]
    assert cached(keras_home) == COMPLETE


def test_a_server_without_ranges_starts_over(server: Server, keras_home: Path) -> None:
    server.drop_after, server.ranges = HALF, False
    assert fetch(server).exit_code == 2
    server.drop_after = None
    assert fetch(server).exit_code == 0
    assert server.asked == [None, f"bytes={HALF}-"]
    assert (keras_home / "datasets" / download.ARCHIVE).read_bytes() == ARCHIVE


def test_a_server_that_says_no_size_is_judged_by_the_checksum(server: Server) -> None:
    server.sizes = False
    assert fetch(server).exit_code == 0


@pytest.mark.parametrize("extra", [b"", b"more"])
def test_a_part_that_is_whole_or_too_long_is_no_dead_end(server: Server, keras_home: Path, extra: bytes) -> None:
    write_files(keras_home / "datasets", {Path(PART).name: ARCHIVE + extra})
    assert fetch(server).exit_code == 0
    assert cached(keras_home) == COMPLETE


def test_a_wrong_checksum_removes_the_file(server: Server, keras_home: Path) -> None:
    result = fetch(server, "0" * 64)
    assert result.exit_code == 2
    assert f"has the SHA-256 {SHA256}, not {'0' * 64}: the file was removed" in result.stderr
    assert cached(keras_home) == []
    # Without --sha256 a mirror has to send the published archive.
    assert download.SHA256 in ask("cifar10", "--url", server.url).stderr
    assert cached(keras_home) == []


def test_an_archive_of_something_else_is_refused(server: Server, keras_home: Path) -> None:
    server.content = archive(binary_batches())
    result = fetch(server, hashlib.sha256(server.content).hexdigest())
    assert result.exit_code == 2
    assert "is no CIFAR-10 in its python version: it lacks data_batch_1" in result.stderr
    assert cifar.cifar10_cached() is None


def test_servers_that_fail_and_places_that_cannot_be_written(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.status = 404
    assert "answers 404 Not Found. Another source can be given with --url." in fetch(server).stderr
    unreachable = ask("cifar10", "--url", "http://127.0.0.1:9/x", "--sha256", SHA256)
    assert unreachable.exit_code == 2
    assert "cannot be reached: [Errno 111] Connection refused" in unreachable.stderr
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    blocked = fetch(server)
    assert blocked.exit_code == 2
    assert "cannot be written: Not a directory" in blocked.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--sha256", SHA256), "--sha256 is for the archive at another --url"),
        (("--url", "http://127.0.0.1:9/", "--sha256", "abc"), "expected 64 hexadecimal digits"),
        (("--url", "file:///etc/passwd"), "begins with https:// or http://"),
    ],
)
def test_wrong_usage_of_the_download(arguments: tuple[str, ...], says: str) -> None:
    result = ask("cifar10", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_an_interrupt_exits_130_and_the_same_command_resumes(server: Server, keras_home: Path) -> None:
    server.drop_after, server.dawdle = HALF, 10.0
    command = [sys.executable, "-m", "kerasdiff", "data", "cifar10", "--url", server.url, "--sha256", SHA256]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not (keras_home / PART).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stdout == ""
    kept = (keras_home / PART).stat().st_size
    assert f"{kept:,} bytes are kept: the same command resumes.\n" in stderr
    assert "Traceback" not in stderr
    server.drop_after, server.dawdle = None, 0.0
    assert fetch(server).exit_code == 0
    assert cached(keras_home) == COMPLETE


def test_a_full_disk_is_a_sentence_and_what_arrived_stays(
    server: Server, keras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = fetch(server)
    assert result.exit_code == 2
    assert "No space left on device. Free some space" in result.stderr
    assert cached(keras_home) == [PART]


def test_the_procedural_set_is_shown_where_there_is_no_cifar() -> None:
    result = ask("show")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "procedural CIFAR-shaped set, 2,000 + 500 images (CIFAR-10 is not on this machine)"
    assert "  x_train  uint8 (2000, 32, 32, 3), 0 to 255" in lines
    assert any(re.fullmatch(r"9 cross, level  \d+ \+ \d+", line) for line in lines)
    assert "\x1b" not in result.stdout


def test_the_cached_cifar_is_shown_where_there_is_one(keras_home: Path) -> None:
    fill_cache(keras_home)
    result = ask("show", "--count", "2")
    assert result.stdout.startswith("CIFAR-10 from the Keras cache (100 + 20 images)\n")
    assert "  classes  10, each with 10 training rows and 2 test rows\n" in result.stdout
    assert "\n3 cat  10 + 2\n" in result.stdout


def coloured(tmp_path: Path, colorterm: str) -> str:
    x = np.zeros((4, 32, 32, 3), np.uint8)
    x[:, :16] = (255, 0, 0)
    x[:, 16:] = (0, 0, 255)
    np.savez(tmp_path / "d.npz", x_train=x, y_train=np.arange(4) % 2, x_test=x, y_test=np.arange(4) % 2)
    # A process of its own: rich remembers the codes of a style whatever the terminal.
    done = subprocess.run(
        [sys.executable, "-m", "kerasdiff", "data", "show", "--data", "d.npz", "--count", "1", "--color", "always"],
        env={**os.environ, "COLUMNS": "80", "COLORTERM": colorterm, "PYTHONIOENCODING": "utf-8"},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def test_colours_are_half_blocks_in_24_bits_or_256(tmp_path: Path) -> None:
    lines = [line for line in coloured(tmp_path, "truecolor").splitlines() if "▀" in line]
    # 32 pixels fit 80 columns as they are: 16 lines of two for each of two classes, one image each.
    assert len(lines) == 32
    assert {line.count("▀") for line in lines} == {32}
    assert "38;2;255;0;0;48;2;255;0;0m" in lines[0]
    assert "38;2;0;0;255;48;2;0;0;255m" in lines[15]
    indexed = coloured(tmp_path, "")
    assert "38;5;" in indexed
    assert "38;2;" not in indexed


def test_without_colour_brightness_becomes_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    x = np.zeros((2, 8, 8, 1), np.uint8)
    x[1] = 255
    np.savez(tmp_path / "d.npz", x_train=x, y_train=[0, 1], x_test=x, y_test=[0, 1])
    lines = ask("show", "--data", str(tmp_path / "d.npz"), "--count", "1").stdout.splitlines()
    at = lines.index("1  1 + 1")
    assert lines[at + 1 : at + 5] == ["@" * 8] * 4
    assert all(line.isascii() for line in lines[at:])
    assert all(len(line) <= 80 for line in lines)


def test_a_picture_has_a_row_a_class(tmp_path: Path, keras_home: Path) -> None:
    fill_cache(keras_home)
    picture = tmp_path / "p.png"
    result = ask("show", "--count", "3", "--output", str(picture))
    assert result.exit_code == 0
    sheet = pixels(picture.read_bytes())
    # 32 pixels are doubled, with 4 between and around.
    assert sheet.shape == (10 * 68 + 4, 3 * 68 + 4, 3)
    frog = images()[6]
    np.testing.assert_array_equal(sheet[4 + 6 * 68 : 68 + 6 * 68, 4:68][::2, ::2], frog)
    assert result.stdout.startswith("CIFAR-10 from the Keras cache")
    assert "▀" not in result.stdout


def test_data_that_are_no_images_are_described(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, x_train=np.ones((6, 3)), y_train=np.linspace(0, 1, 6), x_test=np.ones((2, 3)), y_test=np.ones(2))
    result = ask("show", "--data", str(path))
    assert result.exit_code == 0
    assert "d.npz (6 + 2 rows)" in result.stdout
    assert "x_train  float64 (6, 3), 1 to 1" in result.stdout
    assert "none: the targets are numbers, or missing" in result.stdout
    assert "Rows of shape (3,) and dtype float64 are no images, so none are shown." in result.stdout
    refused = ask("show", "--data", str(path), "--output", str(tmp_path / "p.png"))
    assert refused.exit_code == 2
    assert "there is no image to draw" in refused.stderr
    assert not (tmp_path / "p.png").exists()


def test_floats_are_colours_from_0_to_1_or_stretched(tmp_path: Path) -> None:
    x = np.zeros((4, 8, 8, 3), np.float32)
    x[:, :4] = 0.5
    for name, factor, red in (("colours", 1, 128), ("numbers", -40, 255)):
        np.savez(tmp_path / "d.npz", x_train=factor * x, y_train=range(4), x_test=x, y_test=range(4))
        result = ask(
            "show", "--data", str(tmp_path / "d.npz"), "--count", "1", "--output", str(tmp_path / f"{name}.png")
        )
        sheet = pixels((tmp_path / f"{name}.png").read_bytes())
        assert sheet[4:68, 4:68].max() == red
        assert ("stretched" in result.stdout) == (name == "numbers")


def test_many_classes_are_cut_short_and_it_is_said(tmp_path: Path) -> None:
    x, y = np.zeros((240, 4, 4, 1), np.uint8), np.arange(240) % 120
    np.savez(tmp_path / "d.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    shown = ask("show", "--data", str(tmp_path / "d.npz"))
    assert shown.stdout.endswith("100 more, not shown here\n")
    drawn = ask("show", "--data", str(tmp_path / "d.npz"), "--output", str(tmp_path / "p.png"))
    assert drawn.stderr == "The picture shows the first 100 of 120 classes.\n"
    assert pixels((tmp_path / "p.png").read_bytes()).shape == (100 * 68 + 4, 2 * 68 + 4, 3)


def test_wrong_usage_of_show(tmp_path: Path) -> None:
    assert "needs --output FILE.png" in ask("show", "--format", "png").stderr
    assert ask("show", "--data", str(tmp_path / "none")).exit_code == 2
    assert ask("show", "--count", "0").exit_code == 2
    write_files(tmp_path / "strange", {"a.txt": b""})
    result = ask("show", "--data", str(tmp_path / "strange"))
    assert result.exit_code == 2
    assert "holds a.txt, and no data that kerasdiff reads" in result.stderr


@pytest.mark.parametrize(
    ("shape", "most", "small"), [((32, 32), 19, (16, 16)), ((224, 200), 19, (20, 18)), ((3, 8), 4, (1, 4))]
)
def test_thumbnails_are_means(shape: tuple[int, int], most: int, small: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 7, np.uint8)
    assert shrunk(image, most).shape == (*small, 3)
    assert set(np.unique(shrunk(image, most))) == {7}


SUBSET = os.environ.get("KERASDIFF_CIFAR_SUBSET", "")


@pytest.mark.skipif(not Path(SUBSET).is_file(), reason="KERASDIFF_CIFAR_SUBSET names no .npz of real images")
def test_real_images_are_shown() -> None:
    result = ask("show", "--data", SUBSET)
    assert result.exit_code == 0
    assert "uint8" in result.stdout
    assert "  classes  10, each with" in result.stdout
