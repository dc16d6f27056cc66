"""What is said before a target is run: the words of the worker that runs it, or nothing."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kerasdiff.errors import KerasdiffError
from kerasdiff.side.reading import early
from kerasdiff.side.targets import parse_input, parse_target

keras: Any = pytest.importorskip("keras")

from kerasdiff.worker.loading.load import load  # noqa: E402  (imports Keras, which may be missing)

NET = """
class Net(keras.Model):
    def __init__(self, width=2):
        super().__init__()
        self.d = keras.layers.Dense(width)

    def call(self, x):
        return self.d(x)
"""
SUM = f"total = {' + '.join(['1'] * 1000)}"
HELPERS = {
    "helper.py": f"import keras\n{NET}\ndef dense(n):\n    return keras.layers.Dense(n)\n",
    "injecting.py": "import sys\nimport helper\ndef into(name):\n    setattr(sys.modules[name], 'Net', helper.Net)\n",
    "framed.py": "import sys\nimport helper\ndef here():\n    sys._getframe(1).f_globals['Net'] = helper.Net\n",
    "behind.py": "import framed\n\ndef here():\n    framed.sys._getframe(1).f_globals['Net'] = framed.helper.Net\n",
    "paths.py": "import pathlib\nimport sys\nsys.path.append(str(pathlib.Path(__file__).parent / 'more'))\n",
    "more/beyond.py": "width = 3\n",
    "space/inner.py": "width = 3\n",
    "package/__init__.py": "from .nets import Net\n",
    "package/nets.py": f"import keras\n{NET}",
    "bare/__init__.py": '"""Says nothing."""\n',
    "bare/nets.py": f"import keras\n{NET}",
    "bare/broken.py": "import keras\nwidth = = 3\n",
    "quiet.py": "WIDTH = 3\n\ndef f(x=WIDTH):\n    return x\n",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("early")
    for name, text in HELPERS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def folder(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files beside a target; the path and the modules are as before when a test has ended."""
    monkeypatch.chdir(shared)
    path = list(sys.path)
    forget()
    yield shared
    forget()
    sys.path[:] = path


def forget() -> None:
    """Each target meets the files beside it as a new process does, not as another test has left them."""
    ours = {Path(name).parts[0].removesuffix(".py") for name in HELPERS} | {"beyond", "made"}
    for name in [name for name in sys.modules if name.partition(".")[0] in ours]:
        del sys.modules[name]


Said = tuple[type, str, str] | None


def said(check: Any) -> Said:
    try:
        check()
    except KerasdiffError as error:
        return type(error), error.message, error.details
    return None


def both(text: str, *inputs: str) -> tuple[Said, Said]:
    """What is said early, and what the worker says."""
    target, specs = parse_target(text), tuple(map(parse_input, inputs))
    path = list(sys.path)
    first = said(lambda: early.check(target, specs))
    assert sys.path == path
    return first, said(lambda: load(target, specs))


def cases(name: str) -> dict[str, tuple[str, bytes]]:
    """Targets and the texts of their files by title: ``==== TITLE: TARGET``, with ``{NET}`` for the class above."""
    parts = (Path(__file__).parent / name).read_text().split("==== ")[1:]
    heads, texts = zip(*(part.split("\n", 1) for part in parts), strict=True)
    titles, targets = zip(*(head.split(": ", 1) for head in heads), strict=True)
    files = (text.strip("\n").replace("{NET}", NET.strip("\n")).replace("{SUM}", SUM).encode() for text in texts)
    return dict(zip(titles, zip(targets, files, strict=True), strict=True))


CERTAIN = {
    **cases("early_certain.txt"),
    "bytes of another encoding": ("f", "import keras\nname = 'é'\n".encode("latin-1")),
    "names of more than twenty": ("g", "".join(f"def f{n}(): ...\n" for n in range(25)).encode()),
}


@pytest.mark.parametrize(("name", "text"), CERTAIN.values(), ids=CERTAIN)
def test_an_early_answer_is_the_workers(folder: Path, name: str, text: bytes) -> None:
    (folder / "m.py").write_bytes(text)
    first, real = both(f"m.py:{name}")
    assert first is not None
    assert first == real


TRAPS = {**cases("early_traps.txt"), "a byte order mark": ("Net", "\ufefffrom helper import Net\n".encode())}


@pytest.mark.parametrize(("name", "text"), TRAPS.values(), ids=TRAPS)
def test_what_running_alone_tells_is_left_to_the_worker(folder: Path, name: str, text: bytes) -> None:
    (folder / "m.py").write_bytes(text)
    first, real = both(f"m.py:{name}", "4")
    assert first is None
    assert real is None or name == "__doc__"


@pytest.mark.parametrize("text", ["nowhere:Net", "nowhere.at_all:Net", "bare.nowhere:Net", "bare.broken:Net",
    "bare.nets:Nett", "bare.nets:Net(deep=3)", "space.nowhere:Net", "helper:Nett"])  # fmt: skip
def test_a_module_is_found_without_running_its_parents(folder: Path, text: str) -> None:
    first, real = both(text)
    assert first is not None
    assert first == real


@pytest.mark.parametrize("text", ["package.nets:Net", "bare.nets:Net", "helper:Net",
    "keras.applications:MobileNetV2(weights=None, input_shape=(32, 32, 3))"])  # fmt: skip
def test_a_module_that_is_there_is_not_refused(folder: Path, text: str) -> None:
    inputs = () if "keras" in text else ("4",)
    assert both(text, *inputs) == (None, None)


@pytest.mark.parametrize("text", ["package.nowhere:Net", "package.nets:Nett", "keras.applications:MobileNetV22"])
def test_a_package_with_code_is_left_to_the_worker(folder: Path, text: str) -> None:
    assert early.check(parse_target(text), ()) is None


def archive(path: Path, **members: str) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, text in members.items():
            file.writestr(name.replace("_", "."), text)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_what_is_wrong_with_a_saved_file_is_said_alike(folder: Path) -> None:
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save("good.keras")
    content = Path("good.keras").read_bytes()
    for name, part in {"empty": b"", "text": b"nothing", "cut": content[: len(content) // 2]}.items():
        Path(f"{name}.keras").write_bytes(part)
        Path(f"{name}.h5").write_bytes(part)
    archive(Path("configless.keras"), metadata_json="{}")
    archive(Path("wordless.keras"), config_json="{", model_weights_h5="")
    with zipfile.ZipFile("good.keras") as good, zipfile.ZipFile("weightless.keras", "w") as less:
        less.writestr("config.json", good.read("config.json"))
    Path("damaged.keras").write_bytes(content.replace(b'"module"', b'"modulo"'))
    answers = {path.name: both(path.name) for path in sorted([*folder.glob("*.keras"), *folder.glob("*.h5")])}
    assert answers.pop("good.keras") == (None, None)
    assert all(first == real and first is not None for first, real in answers.values()), answers
    assert len({first[1].partition(": ")[2] for first, _ in answers.values() if first}) == 7
