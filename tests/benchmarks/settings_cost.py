"""What do threads, oneDNN and XLA cost a trial, in samples a second and in repeatability?

``python tests/benchmarks/settings_cost.py [STEPS]`` prints a table: each setting trains the forum's ConvModel_1 in two
processes, which repeat each other or do not.

40 steps on two cores beside much other work, so that processor time alone tells (samples a second of it, start-up of
the model included), TensorFlow 2.21, every row repeating itself to the last bit, each with bits of its own:

    threads  oneDNN off  oneDNN on
          1         780      1,067
          2         775        973

XLA trains neither: "MaxPool gradient ops do not yet have a deterministic XLA implementation".
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STEPS = int(sys.argv[1]) if sys.argv[1:] else 120
TRIAL = """
import json, sys, time
import tensorflow as tf
from kerasdiff.side.targets import parse_target
from kerasdiff.side.training import FitPlan, TrialOptions
from kerasdiff.worker import hardware
from kerasdiff.worker.loading.session import Session
from kerasdiff.worker.training import trainer
from kerasdiff.worker.training.fit import fit
hardware.set_up()
class Compiled:
    def __getattr__(self, name):
        return getattr(tf, name)
    def function(self, *given, **named):
        return tf.function(*given, jit_compile=True, **named)
if sys.argv[2] == "on":
    trainer.tf = Compiled()
began = time.process_time()
plan = FitPlan(data="synthetic", seed=0, options=TrialOptions(steps=int(sys.argv[3])))
trial = fit(Session(parse_target(sys.argv[1])), plan)
spent = time.process_time() - began
print(json.dumps([trial.samples_per_second, int(sys.argv[3]) * 64 / spent, trial.losses, trial.answers.digest]))
"""


def trained(threads: int, onednn: int, xla: str) -> tuple[float, float, object]:
    """Samples a second on the clock, and a second of processor time with all that comes before; and all bits shown."""
    environment = {"KERASDIFF_THREADS": str(threads), "TF_ENABLE_ONEDNN_OPTS": str(onednn), "KERASDIFF_DEVICE": "cpu"}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONHASHSEED": "0"}
    words = [sys.executable, "-B", "-c", TRIAL, f"{ROOT / 'examples/forum/a.py'}:ConvModel_1", xla, str(STEPS)]
    env = {**os.environ, **quiet, **environment}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        return 0.0, 0.0, done.stderr.strip().splitlines()[-1]
    rate, processor, *bits = json.loads(done.stdout.splitlines()[-1])
    return rate, processor, bits


def main() -> None:
    """Prints the table."""
    print("threads  oneDNN  XLA  samples/s  samples a second of processor time  bits repeat  same bits as one thread")
    alone: dict[tuple[int, str], object] = {}
    for onednn, xla, threads in itertools.product((0, 1), ("off", "on"), (1, 2)):
        runs = [trained(threads, onednn, xla) for _ in range(2)]
        bits = runs[0][2]
        first = alone.setdefault((onednn, xla), bits)
        rate, processor = (max(run[at] for run in runs) for at in (0, 1))
        same = "-" if isinstance(bits, str) else "yes" if bits == first else "no"
        repeat = bits if isinstance(bits, str) else "yes" if bits == runs[1][2] else "no"
        named = f"{threads:7}  {'on' if onednn else 'off':>6}  {xla:>3}"
        print(f"{named}  {rate:9,.0f}  {processor:34,.0f}  {repeat:>11}  {same:>23}", flush=True)


if __name__ == "__main__":
    main()
