"""Image folders: one folder a class, below ``train`` and ``test`` or alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kerasdiff.data.archives import some
from kerasdiff.data.table import Table
from kerasdiff.errors import DataError
from kerasdiff.graph.values import Array
from kerasdiff.side.training import DataSource

Decode = Callable[[Sequence[Path]], Array]
"""Image files to uint8 ``(n, height, width, channels)``, all of one size; decoding takes TensorFlow."""

SUFFIXES = (".png", ".jpg", ".jpeg")

SPLIT_SEED = 0
TEST_SHARE = 5
"""One image of five is for testing where the folders do not say which: as many as CIFAR-10 has, 10,000 of 60,000, and
a few more, because folders of one's own are smaller."""

ByClass = dict[str, list[Path]]


def image_table(folder: Path, decode: Decode) -> Table:
    """The images of ``train/CLASS`` and ``test/CLASS``, or of ``CLASS`` folders, which are split.

    Classes are numbered in the order of their names, as ``keras.utils.image_dataset_from_directory`` does. Each class
    is split on its own, 4 to 1, by a seeded draw.

    Raises:
        DataError: If a part or a class lacks images, or they cannot be decoded or differ in size.
    """
    if (folder / "train").is_dir():
        if not (folder / "test").is_dir():
            raise DataError(f"{folder} holds train/ and no test/: name the folder of the test images test.")
        train, test = _listed(folder / "train"), _listed(folder / "test")
        split_seed = None
    else:
        train, test = _split(_listed(folder), folder)
        split_seed = SPLIT_SEED
    names = tuple(sorted(train))
    strange = sorted(set(test) - set(train))
    if strange:
        raise DataError(f"{folder} holds test images of {some(strange)}, and no training images of it.")
    paths = [[path for name in names for path in part.get(name, ())] for part in (train, test)]
    labels = [
        np.repeat(np.arange(len(names), dtype=np.int64), [len(part.get(name, ())) for name in names])
        for part in (train, test)
    ]
    images = decode([*paths[0], *paths[1]])
    cut = len(paths[0])
    return Table(
        arrays={"x_train": images[:cut], "y_train": labels[0], "x_test": images[cut:], "y_test": labels[1]},
        origin=str(folder),
        source=DataSource(
            kind="images",
            name=folder.name,
            train=cut,
            test=len(paths[1]),
            classes=len(names),
            split_seed=split_seed,
        ),
        class_names=names,
        images=True,
    )


def class_folders(folder: Path) -> list[str]:
    """Names of the folders with images directly inside ``folder``."""
    return [path.name for path in _folders(folder) if any(_is_image(file) for file in path.iterdir())]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _is_image(path: Path) -> bool:
    # Files that begin with a dot are what file managers leave behind.
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _listed(folder: Path) -> ByClass:
    classes = {path.name: sorted(file for file in path.iterdir() if _is_image(file)) for path in _folders(folder)}
    empty = [name for name, files in classes.items() if not files]
    if empty or not classes:
        what = f"no images in {some(empty)}" if empty else "no class folders"
        raise DataError(f"{folder} holds {what}: expected a folder for each class, with {', '.join(SUFFIXES)} files.")
    return classes


def _split(classes: ByClass, folder: Path) -> tuple[ByClass, ByClass]:
    train, test = {}, {}
    for name, files in classes.items():
        if len(files) < 2:
            raise DataError(f"{folder / name} holds one image: a class needs one to train on and one to test with.")
        # Seeded by the number of images: other classes change nothing in this one's split.
        order = np.random.default_rng([SPLIT_SEED, len(files)]).permutation(len(files))
        held = max(1, len(files) // TEST_SHARE)
        test[name] = [files[at] for at in sorted(order[:held])]
        train[name] = [files[at] for at in sorted(order[held:])]
    return train, test
