"""What may be at the end of a path instead of what was meant?"""

from __future__ import annotations

import os
from pathlib import Path

from wrong.row import Row

PAIR = "net.py:net net.py:net"
BAD = "inspect bad.py:net"


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "bad.py")


def _loop(folder: Path) -> None:
    (folder / "bad.py").symlink_to("bad.py")


def _folder(folder: Path) -> None:
    (folder / "bad.py").mkdir()


def _dangling(folder: Path) -> None:
    (folder / "bad.py").symlink_to("nowhere.py")


def _sparse(name: str) -> object:
    def make(folder: Path) -> None:
        with (folder / name).open("wb") as stream:
            stream.truncate(20 << 30)

    return make


def _unreadable(name: str) -> object:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(b"PK\x05\x06" + bytes(18))
        (folder / name).chmod(0)

    return make


def _npz(folder: Path, **arrays: object) -> Path:
    import numpy as np

    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


def _cut_npz(folder: Path) -> None:
    import numpy as np

    image, label = np.zeros((20, 4), "float32"), np.zeros(20, "int64")
    path = _npz(folder, x_train=image, y_train=label, x_test=image, y_test=label)
    data = bytearray(path.read_bytes())
    at = data.index(b"x_train.npy") + 200
    data[at : at + 20] = b"\xff" * 20
    path.write_bytes(data)


def _pickled_npz(folder: Path) -> None:
    import numpy as np

    objects = np.array([{}], dtype=object)
    _npz(folder, x_train=objects, y_train=objects, x_test=objects, y_test=objects)


def _bomb_npz(folder: Path) -> None:
    import zipfile

    head = b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 4), }"
    head += b" " * (10 + 0x76 - len(head) - 1) + b"\n"
    with zipfile.ZipFile(folder / "data.npz", "w") as archive:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            archive.writestr(f"{name}.npy", head)


def _cut_tar(folder: Path) -> None:
    import gzip

    whole = gzip.compress(os.urandom(4096))
    (folder / "cifar-10-python.tar.gz").write_bytes(whole[:2000])


DATA = f"compare {PAIR} --data"
ROWS: tuple[Row, ...] = (
    Row(name="a file that does not exist", run="inspect bda.py:net", says=("bda.py: no such file",)),
    Row(name="a pipe as a file", run=BAD, make=_pipe, says=("is a pipe",)),
    Row(name="a device as a file", run="inspect /dev/zero:net", says=("is a device",)),
    Row(name="a directory as a file", run="inspect ./bad.py:net", make=_folder, says=("is a directory",)),
    Row(name="a link to itself", run=BAD, make=_loop, says=("bad.py",)),
    Row(name="a link to nothing", run=BAD, make=_dangling, says=("no such file",)),
    Row(name="a file in a file", run="inspect net.py/bad.py:net", says=("net.py/bad.py",)),
    Row(name="a file of 20 GB", run=BAD, make=_sparse("bad.py"), says=("bad.py",)),
    Row(name="an empty file", run=BAD, files={"bad.py": ""}, says=("defines no net",)),
    Row(name="a file of zeros", run=BAD, files={"bad.py": bytes(100)}, says=("null bytes",)),
    Row(name="a file that is not UTF-8", run=BAD, files={"bad.py": b"x = '\xe9'\n"}, says=("bad.py",)),
    Row(name="an encoding that does not exist", run=BAD, files={"bad.py": "# coding: nope\n"}, says=("nope",)),
    Row(name="a file of UTF-16", run=BAD, files={"bad.py": "x = 1".encode("utf-16")}, says=("bad.py",)),
    Row(name="a mark of byte order", run="inspect bad.py:nte", files={"bad.py": "\ufeffdef net(): ..."}, says=("nearest: net",)),
    Row(name="a file that does not parse", run=BAD, files={"bad.py": "def net(:\n"}, says=("bad.py:1",)),
    Row(name="code nested too deep", run=BAD, files={"bad.py": "x = " + "(" * 5000 + ")" * 5000}, says=("bad.py",)),
    Row(name="code too deep to compile", run=BAD, files={"bad.py": "x = " + "-" * 200_000 + "1"}, says=("bad.py",), worker=True),
    Row(name="a file of another language", run="inspect bad.rs:net", files={"bad.rs": "fn main() {}"}, says=("not a Python file",)),
    Row(name="a null byte in a path", run="inspect $'a\\x01b.py:net'", own=True, says=("no such file",)),
    Row(name="data that do not exist", run=f"{DATA} none.npz", says=("none.npz",)),
    Row(name="data of another kind", run=f"{DATA} net.py", says=("net.py is not a kind of data",)),
    Row(name="a pipe as data", run=f"{DATA} data.npz", make=lambda at: os.mkfifo(at / "data.npz"), says=("data.npz",)),
    Row(name="a device as data", run=f"{DATA} /dev/zero", says=("/dev/zero",)),
    Row(name="an archive that is none", run=f"{DATA} data.npz", files={"data.npz": "x"}, says=("data.npz",)),
    Row(name="an array that is damaged", run=f"{DATA} data.npz", make=_cut_npz, says=("data.npz",)),
    Row(name="arrays of pickles", run=f"{DATA} data.npz", make=_pickled_npz, says=("data.npz",)),
    Row(name="arrays beyond all memory", run=f"{DATA} data.npz", make=_bomb_npz, says=("data.npz",)),
    Row(name="an archive that is cut off", run=f"{DATA} cifar-10-python.tar.gz", make=_cut_tar, says=("cifar-10",)),
    Row(name="image folders of no image", run=f"{DATA} data", files={"data/train/a/x.png": "x", "data/train/b/x.png": "x"}, says=("x.png",)),
    Row(name="a witness that is none", run="replay w.npz", files={"w.npz": "x"}, says=("w.npz",)),
    Row(name="a witness of other arrays", run="replay data.npz", make=lambda at: _npz(at, a=1), says=("data.npz",)),
    Row(name="a witness in a pipe", run="replay w.npz", make=lambda at: os.mkfifo(at / "w.npz"), says=("w.npz",)),
    Row(name="a report into a directory", run=f"compare {PAIR} --output .", says=("directory",)),
    Row(name="a report into a full device", run=f"compare {PAIR} --output /dev/full", says=("is a device",)),
    Row(name="a report into no directory", run=f"compare {PAIR} --output no/x.txt", says=("does not exist",)),
    Row(name="a witness into a full device", run=f"compare {PAIR} --save-witness /dev/full", says=("/dev/full",)),
    Row(name="a witness into a link to a device", run=f"compare {PAIR} --save-witness w.npz",
        make=lambda at: (at / "w.npz").symlink_to("/dev/full"), says=("is a device",)),
    Row(name="a witness of another suffix", run=f"compare {PAIR} --save-witness w.txt", says=(".npz",)),
    Row(name="a directory that is gone", run=f"compare --no-fit {PAIR}", own=True, before="rm -r ../work;", says=("no such file",)),
)  # fmt: skip
