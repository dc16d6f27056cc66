"""What do well known calls cost, and what do they change? The tables that an analysis of a script rests on.

Names are dotted and spelled from ``keras`` on where they belong to Keras. A pattern ends in ``*`` where anything may
follow.
"""

from __future__ import annotations

import ast
import fnmatch
import sys
from collections.abc import Sequence
from functools import cache
from typing import Literal

CostKind = Literal[
    "trains", "downloads", "asks", "shell", "plots", "saves", "files", "program", "waits", "missing", "fails",
    "argument",
]  # fmt: skip
"""``saves``: a model; ``files``: other files are written, made or removed; ``missing``: an import of a package that is
not installed; ``fails``: it was run, and raised an error; ``argument``: a function that nothing calls needs one."""

CHEAP: tuple[CostKind, ...] = ("files", "waits")
"""What is left out with the rest, but for which alone a file is run as a whole."""

_COSTS: Sequence[tuple[CostKind, tuple[str, ...]]] = (
    (
        "downloads",
        (
            "keras.datasets.*.load_data", "keras.utils.get_file", "keras.utils.data_utils.get_file",
            "tensorflow_datasets.load", "tensorflow_datasets.builder", "datasets.load_dataset",
            "urllib.request.urlopen", "urllib.request.urlretrieve", "urllib.urlretrieve", "requests.get",
            "requests.post", "wget.download", "gdown.*", "kagglehub.*", "huggingface_hub.*", "nltk.download",
            "sklearn.datasets.fetch_*", "tensorflow.contrib.learn.datasets.*", "deeplake.load", "hub.load",
            "tensorflow_hub.load", "torchvision.datasets.*", "spacy.cli.download", "torch.hub.*",
        ),
    ),
    ("shell", ("os.system", "os.popen", "os.exec*", "os.spawn*", "subprocess.*", "pip.*")),
    ("asks", ("input", "raw_input", "getpass.getpass", "click.prompt", "click.confirm")),
    (
        "plots",
        (
            "matplotlib.pyplot.show", "pylab.show", "matplotlib.pyplot.pause", "keras.utils.plot_model",
            "keras.utils.vis_utils.plot_model", "keras.utils.model_to_dot", "cv2.imshow", "cv2.waitKey",
            "plotly.*.show",
        ),
    ),
    (
        "saves",
        (
            "tensorflow.saved_model.save", "keras.models.save_model", "keras.saving.save_model",
            "keras.saving.save_weights", "tensorflow.compat.v1.saved_model*",
        ),
    ),
    (
        "files",
        (
            "keras.utils.save_img", "keras.preprocessing.image.save_img", "numpy.save", "numpy.savez*",
            "numpy.savetxt", "joblib.dump", "pickle.dump", "json.dump", "matplotlib.pyplot.savefig", "cv2.imwrite",
            "imageio.imwrite", "imageio.mimsave", "tensorflow.io.write_file", "shutil.*", "os.remove", "os.unlink",
            "os.rmdir", "os.rename", "os.replace", "os.makedirs", "os.mkdir",
        ),
    ),
    (
        "program",
        (
            "absl.app.run", "tensorflow.app.run", "tensorflow.compat.v1.app.run", "fire.Fire", "typer.run",
            "unittest.main", "asyncio.run",
        ),
    ),
    ("waits", ("time.sleep",)),
)  # fmt: skip
"""What a call of a module's function costs."""

_COSTLY_METHODS: dict[str, CostKind] = {
    "fit": "trains",
    "fit_generator": "trains",
    "fit_on_batch": "trains",
    "train_on_batch": "trains",
    "apply_gradients": "trains",
    "train": "trains",
    "search": "trains",
    "download_and_prepare": "downloads",
    "from_pretrained": "downloads",
    "save": "saves",
    "save_weights": "saves",
    "save_model": "saves",
    "export": "saves",
    "to_csv": "files",
    "to_pickle": "files",
    "savefig": "files",
    "write_text": "files",
    "write_bytes": "files",
    "mkdir": "files",
    "unlink": "files",
    "extractall": "files",
    "show": "plots",
}
"""What calling a method of this name costs, of whatever object."""

_OF_MODULES = ("train", "search", "show", "export", "save", "mkdir", "unlink")
"""Names of methods that are functions of modules as well, where they say nothing (``re.search``)."""

TRAINING = ("fit", "fit_generator", "train_on_batch", "load_weights", "reset_states", "build")
"""Methods of a Keras model that change its values and nothing else of it."""

VALUING = ("set_weights", "assign", "assign_add", "assign_sub")
"""Methods that set values: within training that is training, else it is a setting like any other."""

UPDATING = ("apply_gradients", "minimize", "apply", "update_state", "reset_state", "get_updates")
"""Methods of optimizers and metrics that change the values of what they are given, and nothing else of it."""

READERS = frozenset(
    (
        "open", "read_csv", "read_json", "read_excel", "read_pickle", "read_table", "read_parquet", "read_hdf", "load",
        "loads", "loadtxt", "genfromtxt", "fromfile", "loadmat", "imread", "listdir", "glob", "iglob", "scandir",
        "walk", "exists", "isfile", "isdir", "is_file", "is_dir", "iterdir", "rglob", "read_text", "read_bytes", "File",
        "ZipFile", "image_dataset_from_directory", "text_dataset_from_directory", "audio_dataset_from_directory",
        "flow_from_directory", "load_img", "load_data",
    )
)  # fmt: skip
"""Functions and methods that read files, by the last part of their names."""

MODEL_READERS = frozenset(("load_model", "load_weights", "restore", "read", "latest_checkpoint"))
"""The same of what holds models."""

HARMLESS_METHODS = frozenset(
    (
        "summary", "evaluate", "predict", "predict_generator", "predict_on_batch", "test_on_batch", "save", "to_yaml",
        "save_weights", "export", "count_params", "get_config", "get_weights", "get_layer", "to_json", "head", "tail",
        "astype", "reshape", "copy", "items", "keys", "values", "get", "split", "format", "join", "lower", "upper",
        "strip", "lstrip", "rstrip", "startswith", "endswith", "replace", "encode", "decode", "mean", "std", "min",
        "max", "sum", "var", "argmax", "argmin", "transpose", "squeeze", "flatten", "ravel", "tolist", "numpy",
        "round", "describe", "info", "unique", "nunique", "value_counts", "isnull", "to_numpy", "index", "count",
        "gradient", "watch", "result", "map", "batch", "prefetch", "cache", "repeat", "take", "skip", "unbatch",
        "as_numpy_iterator", "extractall", "cardinality", "with_options",
        "interleave", "zip", "parse_args", "enumerate", "get_vocabulary", "vocabulary_size", "ljust",
        "clip", "cumsum", "dot", "groupby", "exists", "is_file", "is_dir", "absolute", "resolve", "glob",
        "rglob", "read_text", "read_bytes", "read", "readlines", "set_title", "imshow", "plot", "legend", "axis",
        "set_xlabel", "set_ylabel", "item", "argsort", "nonzero", "any", "all", "to_csv", "to_pickle", "savefig",
    )
)  # fmt: skip
"""Methods that change neither their object nor what they are given."""

FRESH_METHODS = frozenset(
    (
        "summary", "evaluate", "predict", "predict_generator", "predict_on_batch", "test_on_batch", "get_weights",
        "count_params", "get_config", "to_json", "astype", "copy", "numpy", "tolist", "mean", "std", "min", "max",
        "sum", "var", "argmax", "argmin", "round", "join", "split", "format", "cardinality", "as_numpy_iterator",
        "fit_transform", "decode", "encode", "parse_args",
    )
)  # fmt: skip
"""Methods whose results share nothing with their object."""

ADDING_METHODS = frozenset(("append", "add", "extend", "insert", "update", "setdefault", "appendleft", "add_argument"))
"""Methods that put what they are given into their object, and leave it as it is."""

BUILTINS_PURE = frozenset(
    (
        "abs", "all", "any", "bin", "bool", "bytes", "callable", "chr", "complex", "dict", "divmod", "enumerate",
        "filter", "float", "format", "frozenset", "getattr", "hasattr", "hash", "hex", "id", "int", "isinstance",
        "issubclass", "iter", "len", "list", "map", "max", "min", "object", "oct", "open", "ord", "pow", "print",
        "property", "range", "repr", "reversed", "round", "set", "slice", "sorted", "staticmethod", "classmethod",
        "str", "sum", "super", "tuple", "type", "zip", "input", "raw_input", "display", "help", "memoryview",
        "bytearray",
    )
)  # fmt: skip
"""Functions of Python that change nothing they are given."""

BUILTINS_SCALAR = frozenset(("len", "int", "float", "str", "bool", "round", "abs", "repr", "hash", "ord", "chr"))
"""Functions of Python whose results share nothing with what they are given."""

EVERYTHING = frozenset(("exec", "eval", "globals", "locals", "vars", "__import__", "compile", "execfile"))
"""Names that lead to any other name."""

_PACKAGES = frozenset(
    (
        "tensorflow", "keras", "numpy", "scipy", "pandas", "matplotlib", "pylab", "seaborn", "sklearn", "PIL", "cv2",
        "imageio", "skimage", "tqdm", "IPython", "ipywidgets", "tensorflow_datasets", "datasets", "h5py", "requests",
        "wget", "gdown", "nltk", "trimesh", "plotly", "absl", "six", "joblib", "librosa", "nibabel", "networkx",
        "tensorflow_addons", "tensorflow_hub", "einops", "kaggle", "kagglehub", "google", "wandb", "tensorboard",
        "tabulate", "rich", "termcolor", "yaml", "gym", "gymnasium", "pydot", "graphviz", "rdkit", "transformers",
        "keras_hub", "keras_nlp", "keras_cv", "keras_tuner", "kerastuner", "opencv", "medmnist", "statsmodels",
        "tokenizers", "regex", "music21", "mido", "pretty_midi", "soundfile", "pydub", "lxml", "bs4", "jax", "torch",
        "torchvision", "grain", "altair", "bokeh", "xgboost", "lightgbm", "deeplake", "imutils", "dill", "cloudpickle",
        "click", "fire", "typer", "psutil", "mpl_toolkits", "albumentations", "umap", "gc", "grpc", "flask",
    )
)  # fmt: skip
"""Packages whose functions change no object they are given, but those of the patterns below."""

_DRAWING = frozenset(("matplotlib", "pylab", "seaborn", "plotly", "IPython", "ipywidgets", "mpl_toolkits"))
"""Packages whose objects do nothing to what they show."""

_QUIET = frozenset(
    (
        "matplotlib",
        "pylab",
        "seaborn",
        "PIL",
        "cv2",
        "imageio",
        "skimage",
        "tqdm",
        "IPython",
        "ipywidgets",
        "plotly",
        "tabulate",
        "termcolor",
        "pprint",
        "time",
        "os",
        "shutil",
        "pandas",
        "wandb",
        "graphviz",
        "pydot",
        "subprocess",
        "requests",
        "mpl_toolkits",
        "bokeh",
        "altair",
        "gc",
        "json",
        "pickle",
        "joblib",
    )
)
"""Packages whose calls for effect alone change nothing that a model knows of."""

OPTIONAL = frozenset(
    (
        "matplotlib", "pylab", "seaborn", "PIL", "cv2", "imageio", "skimage", "tqdm", "IPython", "ipywidgets",
        "tensorflow_datasets", "datasets", "pandas", "sklearn", "h5py", "requests", "wget", "gdown", "nltk", "trimesh",
        "plotly", "joblib", "librosa", "nibabel", "networkx", "wandb", "tensorboard", "tabulate", "rich", "termcolor",
        "yaml", "gym", "gymnasium", "pydot", "graphviz", "rdkit", "kaggle", "kagglehub", "medmnist", "statsmodels",
        "regex", "music21", "mido", "pretty_midi", "soundfile", "pydub", "lxml", "bs4", "altair", "bokeh", "imutils",
        "psutil", "mpl_toolkits", "albumentations", "umap", "google", "huggingface_hub", "scipy", "deeplake",
    )
)  # fmt: skip
"""Packages that change nothing of Keras: where one is not installed, a script can do without what it is used for."""

_GLOBAL = (
    "os.environ*", "os.chdir", "os.putenv", "sys.path*", "sys.modules*", "site.addsitedir", "importlib.*",
    "keras.*.set_*", "keras.set_*", "keras.*.enable_*", "keras.*.disable_*", "keras.enable_*", "keras.disable_*",
    "keras.*get_custom_objects*", "keras.*register*", "keras.backend.learning_phase*", "keras.distribution.*",
    "tensorflow.*.set_*", "tensorflow.*enable_*", "tensorflow.*disable_*", "tensorflow.*register*",
    "tensorflow.compat.v1.*", "numpy.seterr", "torch.set_*", "jax.config.*", "locale.setlocale", "gin.*",
)  # fmt: skip
"""What changes how everything after it works."""

_MINOR = (
    "*seed*", "*clear_session*", "tensorflow.config.*", "tensorflow.compat.v1.logging*", "*set_verbosity*",
    "*disable_progress_bar*", "*progress_bar*", "*interactive_logging*", "*traceback_filtering*", "*set_printoptions*",
)  # fmt: skip
"""What of that no model shows."""

_IN_PLACE = (
    "random.shuffle", "numpy.random.shuffle", "numpy.put*", "numpy.place", "numpy.copyto", "numpy.fill_diagonal",
    "heapq.*", "bisect.insort*", "setattr", "delattr", "next", "operator.setitem", "operator.delitem",
    "operator.i*", "sklearn.utils.shuffle", "numpy.*.at", "*.__setattr__", "*.__delattr__", "*.__setitem__",
)  # fmt: skip
"""What changes an object that it is given."""

_DRAWS = ("random.*", "numpy.random.*")
_FRESH_DRAWS = (
    "random.Random", "random.SystemRandom", "numpy.random.default_rng", "numpy.random.RandomState",
    "numpy.random.Generator",
)  # fmt: skip


def _matches(dotted: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(dotted, pattern) for pattern in patterns)


@cache
def cost_of(dotted: str) -> CostKind | None:
    """What calling this function of a module costs."""
    return next((kind for kind, patterns in _COSTS if _matches(dotted, patterns)), None)


def method_cost(name: str, *, of_module: bool) -> CostKind | None:
    """What calling a method costs; ``of_module`` where it is a function of a module."""
    return None if of_module and name in _OF_MODULES else _COSTLY_METHODS.get(name)


@cache
def is_global(dotted: str) -> bool:
    """Whether a call or an assignment changes how everything after it works."""
    return _matches(dotted, _GLOBAL) and not _matches(dotted, _MINOR)


def seeds(dotted: str) -> bool:
    """Whether a call seeds generators that the whole program shares."""
    return dotted.startswith(("keras.", "tensorflow.", "numpy.", "random.")) and "seed" in dotted.rpartition(".")[2]


@cache
def in_place(dotted: str) -> bool:
    """Whether a function changes what it is given."""
    return _matches(dotted, _IN_PLACE)


_ONE_ARGUMENT = frozenset(
    (
        "abs", "absolute", "arccos", "arcsin", "arctan", "cbrt", "ceil", "conj", "conjugate", "cos", "cosh", "deg2rad",
        "exp", "exp2", "expm1", "fabs", "floor", "invert", "isfinite", "isinf", "isnan", "log", "log10", "log1p",
        "log2", "logical_not", "negative", "positive", "rad2deg", "reciprocal", "rint", "sign", "sin", "sinh",
        "sqrt", "square", "tan", "tanh", "trunc",
    )
)  # fmt: skip
_MAKING = ("copy.deepcopy", "numpy.array", "numpy.copy", "numpy.random.*")
"""Functions whose results are new objects, whatever they are given."""
_FILLING = (
    "numpy.zeros*", "numpy.ones*", "numpy.empty*", "numpy.arange", "numpy.linspace", "numpy.eye", "numpy.identity",
)  # fmt: skip
"""Functions whose results hold numbers alone."""
_NO_OUTPUT = frozenset(("where", "interp", "pad", "insert", "isclose", "allclose", "linspace", "select", "full"))


def written(dotted: str, call: ast.Call) -> list[ast.expr]:
    """Arguments that a function may write its result into; NumPy takes them by position as well."""
    found = [keyword.value for keyword in call.keywords if keyword.arg == "out"]
    package, _, name = dotted.rpartition(".")
    if package == "numpy" and name not in _NO_OUTPUT:
        found += call.args[1 if name in _ONE_ARGUMENT else 2 :]
    return [item for item in found if not isinstance(item, ast.Constant | ast.UnaryOp)]


def makes(dotted: str) -> bool:
    """Whether calling this makes something new: a class, or what copies all parts."""
    return dotted.rpartition(".")[2][:1].isupper() or _matches(dotted, _MAKING)


def fills(dotted: str) -> bool:
    """Whether the result of a function holds numbers alone, and nothing that it is given."""
    return _matches(dotted, _FILLING)


@cache
def draws(dotted: str) -> bool:
    """Whether a function draws from a generator that the whole program shares."""
    return _matches(dotted, _DRAWS) and not _matches(dotted, _FRESH_DRAWS)


def root(dotted: str) -> str:
    """The package of a dotted name."""
    return dotted.partition(".")[0]


_UNSETTLED = ("unittest", "threading", "multiprocessing", "concurrent", "asyncio", "ctypes", "contextlib", "importlib")
"""Modules of Python whose objects may do anything: run functions, patch modules."""

HOOKS = ("train_step", "make_train_function", "on_*_begin", "on_*_end")
"""Methods that training calls."""
STRUCTURE = ("trainable", "layers", "call")
"""Attributes that make another model where such a method sets them."""


def is_hook(name: str) -> bool:
    """Whether training calls a method of this name."""
    return _matches(name, HOOKS)


def is_known(dotted: str) -> bool:
    """Whether a name belongs to Python or to a package whose functions change no object they are given."""
    if root(dotted) in _UNSETTLED:
        return False
    return root(dotted) in _PACKAGES or root(dotted) in sys.stdlib_module_names


def is_quiet(dotted: str) -> bool:
    """Whether a call for its effect alone changes nothing that a model knows of."""
    return root(dotted) in _QUIET or dotted == "print"


def is_drawing(dotted: str) -> bool:
    """Whether the result of a call shows what it is given, and does nothing to it."""
    return root(dotted) in _DRAWING


def downloads_text(call: ast.Call) -> bool:
    """Whether a call is given an address on the network, written out."""
    given = (*call.args, *(keyword.value for keyword in call.keywords))
    texts = (item.value for item in given if isinstance(item, ast.Constant) and isinstance(item.value, str))
    return any(text.startswith(("http://", "https://", "ftp://", "s3://", "gs://")) for text in texts)


def opens_to_write(call: ast.Call) -> bool:
    """Whether a call of ``open`` is for writing."""
    modes = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+") for mode in modes)
