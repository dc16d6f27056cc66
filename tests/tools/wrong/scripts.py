"""What may a script do while it is loaded, traced or run?"""

from __future__ import annotations

from dataclasses import replace

from wrong.row import Row, script

NET = """
import keras
def net(*more, **named):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
"""


def at_import(name: str, line: str, *says: str, **more: object) -> Row:
    """A file whose first line does something, and which defines the model of ``net.py``."""
    return script(name, f"{line}\n{NET}", *says, **more)


def harmless(name: str, line: str, **more: object) -> Row:
    """The same, where nothing comes of it: the models are equal."""
    return at_import(name, line, code=0, silent=True, **more)


def inside(name: str, body: str, *says: str, run: str = "", **more: object) -> Row:
    """A model whose ``call(self, x)`` is ``body``."""
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    text = f"""
import os, signal, sys, threading, time
import keras
import numpy as np
import tensorflow as tf
class net(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = keras.layers.Dense(2)
    def call(self, x):
{lines}
"""
    own = run or "compare --no-fit bad.py:net bad.py:net --input 4"
    return script(name, text, *says, run=own, **more)


CALLED = "compare --no-fit bad.py:net bad.py:net --input 4"


def made(name: str, expression: str, *says: str, **more: object) -> Row:
    """A function that returns something."""
    return script(
        name,
        f"import keras\nimport tensorflow as tf\nimport numpy as np\ndef net():\n    return {expression}\n",
        *says,
        **more,
    )


AT_LINE = "bad.py:1"
ENDS = (
    at_import("exit at import", "import sys; sys.exit(3)", "exit code 3", AT_LINE),
    at_import("exit with words at import", "raise SystemExit('usage: bad [-h]')", AT_LINE),
    at_import("os._exit at import", "import os; os._exit(0)", "bad.py", "exit code 0"),
    at_import("os.abort at import", "import os; os.abort()", "SIGABRT"),
    at_import("KeyboardInterrupt at import", "raise KeyboardInterrupt", "KeyboardInterrupt", AT_LINE),
    at_import("GeneratorExit at import", "raise GeneratorExit('no')", "GeneratorExit", AT_LINE),
    at_import("a BaseException at import", "class Stop(BaseException): pass\nraise Stop('now')", "Stop", "bad.py:2"),
    at_import("an error without a text", "class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "bad.py:3", "E"),
    at_import("an error whose text is no text", "class E(Exception):\n    def __str__(self): return 3\nraise E", "bad.py:3", "E"),
    at_import("an error of markup and escapes", "raise ValueError('[red]\\x1b[2J\\u202e\\r\\n x')", "[red]\\x1b[2J"),
    at_import("an error of a million letters", "raise ValueError('x' * 10**6)", AT_LINE),
    at_import("a thousand errors in a row", "def f(n):\n    try:\n        1 / n\n    except Exception:\n        f(n)\nf(0)", "Recursion"),
    at_import("recursion without end", "def f(): f()\nf()", "RecursionError", AT_LINE),
    at_import("an assertion", "assert False", "AssertionError", AT_LINE),
    at_import("no memory", "raise MemoryError", "MemoryError", AT_LINE),
    at_import("a terabyte of memory", "import numpy as np; x = np.ones(1 << 37)", "MemoryError", AT_LINE),
    at_import("a module that is missing", "import nowhere_at_all", "nowhere_at_all"),
    at_import("an error on the way to a missing module", "import sys; sys.modules['json'] = None; import json", "json"),
    at_import("a killed group", "import os, signal; os.killpg(0, signal.SIGKILL)", "SIGKILL"),
    at_import("a crash in C", "import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    at_import("a killed parent", "import os, signal; os.kill(os.getppid(), signal.SIGKILL); os._exit(4)", slow=True),
    at_import("a timer that ends it", "import signal, time; signal.setitimer(signal.ITIMER_REAL, 0.1); time.sleep(9)", "SIGALRM"),
    at_import("a file that deletes itself", "import os; os.remove(__file__); 1 / 0", "ZeroDivisionError", AT_LINE),
    script("input from a person for a model", f"width = int(input('width? '))\n{NET}\nnet.width = width\n", "--run-file", worker=False),
    harmless("input from a person that no model needs", "name = input('which model? ')"),
    at_import("a training at import with progress bars", "import sys\nfor i in range(200):\n    sys.stdout.write(f'\\r\\x1b[1m{i}/200\\x1b[0m \\x1b[32m━━━━\\x1b[0m 1s 5ms/step')\nimport os; os._exit(1)", "200"),
    at_import("megabytes of output", "import os, sys\nfor i in range(300000): print('0123456789' * 5)\nos._exit(1)", "exit code 1", slow=True),
    at_import("binary output", "import os\nos.write(1, bytes(range(256)) * 9)\nos._exit(1)", "exit code 1"),
    at_import("a line of megabytes", "import os\nos.write(2, b'x' * 10**7)\nos._exit(1)", "exit code 1"),
)  # fmt: skip
SILENT = (
    at_import("a script that waits", "import time; time.sleep(60)", "no sign of life", "bad.py", run="compare --no-fit --timeout 2 bad.py:net net.py:net", slow=True),
    at_import("a script that waits in C", "import ctypes; ctypes.CDLL(None).pause()", "no sign of life", run="compare --no-fit --timeout 2 bad.py:net net.py:net", slow=True),
    at_import("a script that computes without end", "while True: pass", "no sign of life", run="compare --no-fit --timeout 2 bad.py:net net.py:net", slow=True),
    at_import("a script that stops itself", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "no sign of life", run="compare --no-fit --timeout 2 bad.py:net net.py:net", slow=True),
)  # fmt: skip
CHILD = "import importlib; importlib.import_module('subprocess').Popen(['sleep', '300'], start_new_session=True)"
"""So that no reading of the file tells: one that is seen to start programs is loaded by its definitions."""
FORK = "import os, time\nif not os.fork():\n    os.setsid()\n    time.sleep(300)\n    os._exit(0)"
TWICE = "import os, time\nif not os.fork():\n    os.setsid()\n    if os.fork(): os._exit(0)\n    time.sleep(300)\n    os._exit(0)\nos.wait()"
PHASES = (
    inside("a process that ends while it is traced", "os._exit(9) if not tf.executing_eagerly() else None\nreturn self.d(x)", "exit code 9", "trace the model"),
    script("a process that ends while it is loaded", "import os\ndef net(): os.abort()\n", "SIGABRT", "trace the model"),
    script("a process that ends while it trains", "import keras, os\nclass C(keras.callbacks.Callback): pass\ndef loss(y, p):\n    import tensorflow as tf\n    return tf.py_function(lambda v: os._exit(8) or v, [p], p.dtype)\ndef net():\n    m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n    m.compile('sgd', loss)\n    return m\n", "exit code 8", run="fit bad.py:net bad.py:net --seeds 1 --epochs 1"),
)  # fmt: skip
LIVES_ON = (
    harmless("a child process that lives on", CHILD),
    harmless("a fork that lives on", FORK),
    harmless("a daemon", TWICE),
    harmless("a fork that goes on as the worker does", "import os; os.fork()"),
    harmless("a thread that never ends", "import threading, time; threading.Thread(target=time.sleep, args=(300,)).start()"),
    harmless("processes of a pool", "import multiprocessing\nif __name__ != '__mp_main__': pool = multiprocessing.Pool(2); pool.map(abs, [1])"),
    at_import("a child process that outlives a crash", f"{CHILD}; import os; os._exit(5)", "exit code 5"),
    at_import("a fork that outlives a crash", f"{FORK}\nos._exit(5)", "exit code 5"),
    at_import("a daemon that outlives a crash", f"{TWICE}\nos._exit(5)", "exit code 5"),
)  # fmt: skip
CLOSED = "closes file"
TOUCHES = (
    at_import("all file descriptors closed", "import os; os.closerange(3, 70000)", "file descriptors"),
    at_import("every file descriptor closed", "import os; os.closerange(0, 70000)", "file descriptors"),
    harmless("some file descriptors closed", "import os; os.closerange(3, 20)"),
    at_import("file descriptors that are others", "import os\nfor n in map(int, os.listdir('/proc/self/fd')):\n    if n > 2:\n        try: os.dup2(os.open('/dev/null', 2), n)\n        except OSError: pass", "file descriptors"),
    harmless("outputs that are redirected", "import os, sys; os.dup2(os.open(os.devnull, os.O_WRONLY), 1); os.close(2)"),
    harmless("outputs that are closed", "import sys; sys.stdout.close(); sys.stderr.close(); sys.stdout = sys.stderr = None"),
    harmless("outputs that are something else", "import sys; sys.stdout = sys.stderr = 3"),
    harmless("an input that is closed", "import os; os.close(0)"),
    harmless("text on the descriptors of output", "import os; os.write(1, b'\\0\\0\\0\\1' * 99); os.write(2, b'x')"),
    harmless("signals that are caught", "import signal\nfor n in (2, 10, 13, 15, 17): signal.signal(n, lambda *_: None)"),
    harmless("signals that are blocked", "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))"),
    harmless("another directory", "import os; os.chdir('/')"),
    harmless("a module path that is empty", "import sys; sys.path.clear()"),
    harmless("another program name and arguments", "import sys; sys.argv[:] = []"),
    harmless("an environment that is empty", "import os; os.environ.clear()"),
    harmless("warnings that are errors", "import warnings; warnings.simplefilter('error')"),
    harmless("logging that fails", "import logging; logging.disable(); logging.root.handlers.clear(); logging.root.addHandler(None)"),
    harmless("another language", "import locale; locale.setlocale(locale.LC_ALL, 'C')"),
    harmless("garbage that is never collected", "import gc; gc.disable(); gc.set_threshold(0)"),
    harmless("a trace of every line", "import sys; sys.settrace(lambda *_: None); sys.setprofile(lambda *_: None)"),
    harmless("hooks at the end", "import atexit, time; atexit.register(time.sleep, 60)"),
    harmless("little recursion", "import sys; sys.setrecursionlimit(400)"),
    harmless("a limit of open files", "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))"),
    harmless("a limit of file sizes", "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"),
    at_import("a limit of memory", "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))", "bad.py"),
    at_import("a limit of processor time", "import resource; resource.setrlimit(resource.RLIMIT_CPU, (0, 1))\nwhile True: pass", "SIG"),
    at_import("a builtin function that is another", "import builtins; builtins.isinstance = lambda *_: False", "builtins.isinstance"),
    at_import("a builtin function that is gone", "import builtins; del builtins.len", "builtins.len"),
    harmless("an import that is another", "import builtins; own = builtins.__import__; builtins.__import__ = lambda *a, **k: own(*a, **k)"),
    harmless("a module of JSON that is another", "import json; json.dumps = json.loads = None"),
    harmless("a module of pickles that is another", "import pickle, struct, socket; pickle.dumps = pickle.loads = struct.pack = socket.socket = None"),
    harmless("modules that are gone", "import sys\nfor n in ('json', 'pickle', 'struct', 'inspect', 're'): sys.modules.pop(n, None)"),
    harmless("modules that are nothing", "import sys; sys.modules['json'] = sys.modules['pickle'] = None"),
    harmless("a class of Keras that is another", "import keras; keras.Sequential.extra = 1; keras.utils.set_random_seed = None"),
    harmless("eager functions", "import tensorflow as tf; tf.config.run_functions_eagerly(True)"),
    harmless("seeds", "import keras; keras.utils.set_random_seed(7)"),
)  # fmt: skip
CALLS = (
    inside("a call that returns nothing", "self.d(x)", code=3, silent=True),
    inside("a call that returns text", "return 'x'", code=0, silent=True),
    inside("a call that returns itself", "return self", code=3, silent=True),
    inside("a call that is a generator", "yield self.d(x)", code=3, silent=True),
    inside("a call that exits", "sys.exit(3)", "sys.exit(3)", "bad.py:11"),
    inside("a call that is interrupted", "raise KeyboardInterrupt", "KeyboardInterrupt", "bad.py:11"),
    inside("a call that ends its process", "os._exit(9)", "exit code 9"),
    inside("a call that recurses", "return self.call(x)", "RecursionError"),
    inside("a ragged output", "return tf.RaggedTensor.from_tensor(self.d(x))", code=0, silent=True),
    inside("a sparse output", "return tf.sparse.from_dense(self.d(x))", code=0, silent=True),
    inside("an output of dicts of dicts", "return {'a': {'b': [self.d(x), {'c': x}]}}", code=0, silent=True),
    inside("a complex output", "return tf.complex(self.d(x), self.d(x))", code=0, silent=True),
    inside("an output of strings", "return tf.strings.as_string(self.d(x))", code=0, silent=True),
    inside("an output without elements", "return self.d(x)[:, :0]", code=0, silent=True),
    inside("an output that is no number", "return self.d(x) * float('nan')", code=0, silent=True),
    inside("an output beyond all memory", "return tf.zeros((1 << 20, 1 << 20)) + self.d(x)[0, 0]", "OOM"),
    inside("a session of TensorFlow 1", "return tf.compat.v1.Session().run(self.d(x))", "bad.py:11"),
    inside("a placeholder of TensorFlow 1", "return tf.compat.v1.placeholder('float32', (2, 2)) + self.d(x)", "bad.py:11"),
    inside("a call that asks for values", "return self.d(x.numpy())", code=3, silent=True),
    inside("a call that fails at the second time", "self.n = getattr(self, 'n', 0) + 1\nassert self.n < 2\nreturn self.d(x)", "AssertionError"),
    inside("numbers that end the process", "def f(v):\n    os._exit(9)\nreturn self.d(tf.ensure_shape(tf.numpy_function(f, [x], tf.float32), x.shape))", "exit code 9"),
    script("a call that takes no input", "import keras\nclass net(keras.Model):\n    def call(self): return 1\n", "call", run=CALLED),
    script("a call of two inputs", "import keras\nclass net(keras.Model):\n    def call(self, x, y): return x + y\n", "--input", run=CALLED),
    script("a call without self", "import keras\nclass net(keras.Model):\n    def call():\n        return 1\n", "net() fails", run=CALLED),
    script("a model without call", "import keras\nclass net(keras.Model): pass\n", "call", run=CALLED),
    script("a model without super().__init__", "import keras\nclass net(keras.Model):\n    def __init__(self): self.d = keras.layers.Dense(2)\n    def call(self, x): return self.d(x)\n", "super().__init__()", run=CALLED),
    script("graphs of TensorFlow 1", "import tensorflow as tf\ntf.compat.v1.disable_eager_execution()\n" + NET, "disable_eager_execution"),
    script("all of TensorFlow 1", "import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()\n" + NET, "disable_"),
    script("layers of TensorFlow 1", "import tensorflow.compat.v1 as tf\ndef net(x=None): return tf.layers.dense(tf.placeholder('float32', (2, 4)), 2)\n", "bad.py:2"),
)  # fmt: skip
MADE = (
    made("a function that returns nothing", "None", "returned None"),
    made("a function that returns text", "'model'", "a str"),
    made("a function that returns a class", "keras.Model", "returned"),
    made("a function that returns a function", "lambda: None", "returned"),
    made("a function that returns a tensor", "tf.zeros(3)", "returned"),
    made("a function that returns no tuple of models", "()", "returned"),
    made("a generator", "(yield)", "returned a generator"),
    made("a model of no layer", "keras.Sequential()", "bad.py", run="compare --no-fit bad.py:net bad.py:net"),
    made("a model of no input", "keras.Model([], [])", "bad.py", run="compare --no-fit bad.py:net bad.py:net"),
    made("a model of no weight", "keras.Sequential([keras.Input((4,)), keras.layers.ReLU()])", code=0, silent=True, run="compare --no-fit bad.py:net bad.py:net"),
    made("a layer of no unit", "keras.Sequential([keras.Input((4,)), keras.layers.Dense(0)])", "units", "bad.py"),
    made("a layer beyond all memory", "keras.Sequential([keras.Input((1 << 20,)), keras.layers.Dense(1 << 20)])", "bad.py", "OOM"),
    made("a name of markup and escapes", "keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name='[red]\\x1b[2J\\u202e\\nx')])", code=0, silent=True, run="compare --no-fit -v bad.py:net bad.py:net"),
    script("an async function", "async def net(): return 1\n", "coroutine"),
    script("a property that raises", "import keras\nclass A:\n    def __getattr__(self, n): raise OSError('no')\na = A()\n", "OSError", run="compare --no-fit bad.py:a.b net.py:net"),
    script("a module that makes every name", "def __getattr__(name): raise ValueError(name)\n", "ValueError"),
    script("a module that puts another in its place", "import sys; sys.modules[__name__] = None\n" + NET, code=0, silent=True),
    script("a class that lies about itself", "class A:\n    @property\n    def __class__(self): raise OSError('no')\nnet = A()\n", "bad.py:net"),
    script("a class that cannot be shown", "class A:\n    def __repr__(self): 1 / 0\nnet = A()\n", "an A"),
    script("a constructor that exits", "import keras, sys\nclass net(keras.Model):\n    def __init__(self): sys.exit(4)\n", "sys.exit(4)", "bad.py:3"),
    script("a constructor that is interrupted", "import keras\nclass net(keras.Model):\n    def __init__(self): raise KeyboardInterrupt\n", "KeyboardInterrupt", "bad.py:3"),
)  # fmt: skip
IN_CI = frozenset(
    {
        "a builtin function that is another",
        "a builtin function that is gone",
        "a call of two inputs",
        "a call that asks for values",
        "a call that exits",
        "a call that is interrupted",
        "a class that lies about itself",
        "a function that returns nothing",
        "a limit of memory",
        "a model of no input",
        "a model of no layer",
        "a model without super().__init__",
        "a name of markup and escapes",
        "a property that raises",
        "a ragged output",
        "a sparse output",
        "all file descriptors closed",
        "all of TensorFlow 1",
        "an environment that is empty",
        "file descriptors that are others",
        "graphs of TensorFlow 1",
        "modules that are nothing",
        "numbers that end the process",
        "outputs that are closed",
        "signals that are blocked",
        "warnings that are errors",
    }
)
"""Of the last three: one of a kind, for each takes a quarter of a second."""
ROWS: tuple[Row, ...] = (
    *(*ENDS, *SILENT, *PHASES, *LIVES_ON),
    *(replace(row, slow=row.name not in IN_CI) for row in (*TOUCHES, *CALLS, *MADE)),
)
