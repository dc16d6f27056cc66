"""What may a file do to the world around it, that must not reach the other file, or the report?

Each row is a pair of files that differ by a line from an undisturbed pair, and its report is the same to the byte.
"""

from __future__ import annotations

from dataclasses import replace

from wrong.row import Row

REFERENCE = """\
{line}
import keras
{more}


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.c = keras.layers.Conv2D(4, 3, activation="relu")
        self.n = keras.layers.BatchNormalization()
        self.p = keras.layers.GlobalAveragePooling2D()
        self.d = keras.layers.Dropout(0.5)
        self.e = keras.layers.Dense(3)

    def call(self, x, training=None):
        return self.e(self.d(self.p(self.n(self.c(x), training=training)), training=training))
"""
CANDIDATE = REFERENCE.replace(
    "return self.e(", "x = keras.ops.relu(self.n(self.c(x), training=training))\n        return self.e("
).replace("self.p(self.n(self.c(x), training=training))", "self.p(x)")
RUN = "compare --no-fit --format json --input 8,8,3 a.py:Net b.py:Net"
QUIET = Row(
    name="the undisturbed pair",
    run=RUN,
    files={"a.py": REFERENCE.format(line="pass", more="pass"), "b.py": CANDIDATE.format(line="pass", more="pass")},
    code=1,
    worker=True,
)


IN_CI = ("another directory after a file was read", "registrations on both sides", "warnings that are errors")


def world(name: str, line: str, more: str = "pass", *, other: str = "pass", **files: str) -> Row:
    """A pair whose first file does something, and whose second does ``other``."""
    texts = {
        "a.py": REFERENCE.format(line=line, more=more),
        "b.py": CANDIDATE.format(line=other, more=more if other != "pass" else "pass"),
        **{f"{key}.py": text for key, text in files.items()},
    }
    return replace(QUIET, slow=name not in IN_CI, name=f"beside another file, {name}", files=texts, like=QUIET)


REGISTERED = (
    "@keras.saving.register_keras_serializable('own', 'Dense')\\nclass Other(keras.layers.Layer): pass\\n"
    "keras.saving.get_custom_objects()['relu'] = keras.saving.get_custom_objects()['Dense'] = Other"
)
DENSE = """\
import keras
from {helper} import WIDTH
{more}


@keras.saving.register_keras_serializable("own")
class Mine(keras.layers.Layer):
    def call(self, x):
        return x * WIDTH


def net():
    return keras.Sequential([keras.Input((4,), dtype="float32"), keras.layers.Dense(2, dtype="float32"), Mine(dtype="float32")])
"""


def sides(
    name: str, one: int, two: int, code: int, *, helper: str = "helper", more: str = "", package: bool = False
) -> Row:
    """Two folders with files of the same names, which define classes of the same registered name."""
    files = {}
    for folder, width in (("one", one), ("two", two)):
        inner = f"{folder}/own" if package else folder
        files[f"{inner}/net.py"] = DENSE.format(helper=helper, more=more if folder == "one" else "")
        files[f"{inner}/helper.py"] = f"WIDTH = {width}\n"
        if package:
            files[f"{inner}/__init__.py"] = ""
    inner = "/own" if package else ""
    return Row(
        name=name,
        run=f"compare --no-fit one{inner}/net.py:net two{inner}/net.py:net",
        files=files,
        code=code,
        worker=True,
        slow=True,
        silent=True,
    )


POLICIES = (
    "keras.mixed_precision.set_dtype_policy('mixed_float16'); keras.config.set_floatx('float16'); "
    "keras.config.set_image_data_format('channels_first'); keras.config.set_epsilon(0.1)"
)
ROWS: tuple[Row, ...] = (
    sides("siblings of the same name that agree", 2, 2, 0),
    sides("siblings of the same name that differ", 2, 3, 1),
    sides("packages of the same name that agree", 2, 2, 0, helper=".helper", package=True),
    sides("packages of the same name that differ", 2, 3, 1, helper=".helper", package=True),
    sides("policies, a float type and an image format on one side", 2, 2, 0, more=POLICIES),
    QUIET,
    world("modules of one name a side", "import helper", other="import helper", helper="WIDTH = 1\n"),
    world("a sibling named as a library", "import keras, sys; sys.path.insert(0, '.'); import scipy_like", scipy_like=""),
    world("a sibling that hides a library", "pass", json="raise ImportError", rich="raise ImportError", click="raise ImportError"),
    world("registrations", "import keras", f'exec("{REGISTERED}")'),
    world("registrations on both sides", "import keras", f'exec("{REGISTERED}")', other="import keras"),
    world("another directory", "import os; os.chdir('/')"),
    world("another directory after a file was read", "open('b.py').close(); import os; os.chdir('/')"),
    world("a file that runs once", "import os; assert 'ONCE' not in os.environ; os.environ['ONCE'] = ''"),
    world("an environment", "import os; os.environ.update(COLUMNS='1', NO_COLOR='', KERAS_BACKEND='jax', HOME='/', TMPDIR='/', KERASDIFF_DEVICE='gpu')"),
    world("no environment", "import os; os.environ.clear()"),
    world("a seed", "import keras; keras.utils.set_random_seed(3)"),
    world("random numbers drawn", "import random, numpy; random.random(); numpy.random.rand(99); numpy.random.seed(5)"),
    world("no recursion", "import sys; sys.setrecursionlimit(500)"),
    world("warnings that are errors", "import warnings; warnings.simplefilter('error')"),
    world("logging to everywhere", "import logging; logging.basicConfig(level=0, force=True); logging.root.handlers.clear()"),
    world("another language", "import locale; locale.setlocale(locale.LC_ALL, 'C'); locale.setlocale(locale.LC_NUMERIC, 'C')"),
    world("signals", "import signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 13, 15, 17)]; signal.alarm(600)"),
    world("threads", "import threading, time; [threading.Thread(target=time.sleep, args=(60,)).start() for _ in range(5)]"),
    world("a thread that computes", "import threading; threading.Thread(target=lambda: sum(range(10**7)), daemon=True).start()"),
    world("child processes", "import importlib; importlib.import_module('subprocess').Popen(['sleep', '60'])"),
    world("a fork", "import os; os.fork() or os._exit(0)"),
    world("module paths", "import sys; sys.path[:] = []; sys.path_hooks.clear(); sys.path_importer_cache.clear()"),
    world("a printed report", "print('{}' * 9); import sys; sys.stderr.write('error: none\\n')"),
    world("printed options", "import numpy; numpy.set_printoptions(precision=1); numpy.seterr(all='raise')"),
    world("garbage", "import gc; gc.disable(); gc.set_threshold(1)"),
    world("a trace", "import sys; sys.setprofile(lambda *_: None)"),
    world("decimal places", "import decimal; decimal.getcontext().prec = 1"),
    world("another print", "import builtins; builtins.print = lambda *a, **k: None"),
    world("files written beside", "import pathlib, tempfile; tempfile.NamedTemporaryFile(delete=True).write(b'x')"),
    world("a matplotlib that draws", "import os, sys, types; sys.modules['matplotlib'] = types.ModuleType('matplotlib')"),
    world("threads of TensorFlow", "import tensorflow as tf; tf.config.threading.set_intra_op_parallelism_threads(1)"),
    world("hooks of imports", "import sys; sys.meta_path.insert(0, type('F', (), {'find_spec': staticmethod(lambda *_: None)}))"),
)  # fmt: skip
