"""Which statements of a script are run for a name? Every case says it on its lines.

``# keep`` and ``# drop`` stand where a statement is run or not, ``# forget`` where a name is removed in its place, for
it would be another from there on. ``# needs x`` stands where a value comes from that is not had without what costs:
nothing is run then. A case without a mark is run as a whole.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from textwrap import dedent

import pytest

from kerasdiff.side.reading.source import source
from kerasdiff.side.slicing.planning import plan_of
from kerasdiff.side.slicing.plans import plan_for
from kerasdiff.side.slicing.records import Cost, Plan
from kerasdiff.side.targets import parse_target

HEAD = """\
import keras
import numpy as np
from keras import layers
"""
_MARK = re.compile(r"#\s*(keep|drop|needs|forget)\b ?(\S*)")

CASES = {
    "what trains is left out": """
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.compile("adam", "mse")  # keep
        model.fit(1, 2)  # drop
        print(model.evaluate(1, 2))  # drop
        """,
    "nothing costs": """
        model = keras.Sequential([layers.Dense(3)])
        model.summary()
        """,
    "what the download gives is left out with it": """
        (x, y), _ = keras.datasets.mnist.load_data()  # drop
        x = x / 255  # drop
        n = 10  # keep
        y = keras.utils.to_categorical(y, n)  # drop
        model = keras.Sequential([layers.Dense(n)])  # keep
        """,
    "a setting is changed after it is made": """
        CFG = {"units": 3}  # keep
        CFG["units"] = 4  # keep
        model = keras.Sequential([layers.Dense(CFG["units"])])  # keep
        model.fit(1)  # drop
        """,
    "by another name": """
        CFG = {"units": 3}  # keep
        alias = CFG  # keep
        alias["units"] = 4  # keep
        model = keras.Sequential([layers.Dense(CFG["units"])])  # keep
        model.fit(1)  # drop
        """,
    "by another name, of a part": """
        CFG = {"a": {"units": 3}}  # keep
        part = CFG["a"]  # keep
        part["units"] = 4  # keep
        model = keras.Sequential([layers.Dense(CFG["a"]["units"])])  # keep
        model.fit(1)  # drop
        """,
    "by an object that holds it": """
        CFG = {"units": 3}  # keep
        holder = [CFG]  # keep
        holder[0]["units"] = 4  # keep
        model = keras.Sequential([layers.Dense(CFG["units"])])  # keep
        model.fit(1)  # drop
        """,
    "by an object that came to hold it": """
        CFG = {"units": 3}  # keep
        holder = []  # keep
        holder.append(CFG)  # keep
        for one in holder:  # keep
            one["units"] = 4
        model = keras.Sequential([layers.Dense(CFG["units"])])  # keep
        model.fit(1)  # drop
        """,
    "by a function called for its effect": """
        CFG = {"units": 3}  # keep
        def grow(cfg):  # keep
            cfg["units"] += 1
        grow(CFG)  # keep
        model = keras.Sequential([layers.Dense(CFG["units"])])  # keep
        model.fit(1)  # drop
        """,
    "by a function that changes a name of the module": """
        CFG = {"units": 3}  # keep
        def grow():  # keep
            CFG["units"] += 1
        grow()  # keep
        model = keras.Sequential([layers.Dense(CFG["units"])])  # keep
        model.fit(1)  # drop
        """,
    "a function binds a name of the module": """
        UNITS = 3  # keep
        def setup():  # keep
            global UNITS
            UNITS = 4
        setup()  # keep
        model = keras.Sequential([layers.Dense(UNITS)])  # keep
        model.fit(1)  # drop
        """,
    "a function that trains binds it": """
        def setup():
            global UNITS
            UNITS = len(keras.datasets.mnist.load_data())
        setup()  # needs UNITS
        model = keras.Sequential([layers.Dense(UNITS)])
        """,
    "a function that another one calls": """
        CFG = {"units": 3}  # keep
        def inner(cfg):  # keep
            cfg.update(units=4)
        def outer(cfg):  # keep
            inner(cfg)
        outer(CFG)  # keep
        model = keras.Sequential([layers.Dense(CFG["units"])])  # keep
        model.fit(1)  # drop
        """,
    "what costs changes a setting": """
        CFG = {"units": 3}
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        CFG["units"] = x.shape[1]
        model = keras.Sequential([layers.Dense(CFG["units"])])
        """,
    "what costs changes a setting inside a function": """
        CFG = {"units": 3}
        def load(cfg):
            x = keras.datasets.mnist.load_data()
            cfg["units"] = len(x)
        load(CFG)  # needs CFG
        model = keras.Sequential([layers.Dense(CFG["units"])])
        """,
    "the number of classes comes from the data": """
        (x, y), _ = keras.datasets.mnist.load_data()  # needs y
        n = y.shape[1]
        model = keras.Sequential([layers.Dense(n)])
        """,
    "the vocabulary comes from the data": """
        data = keras.utils.get_file("a", "http://b")  # needs data
        vectorize = layers.TextVectorization()
        vectorize.adapt(data)
        model = keras.Sequential([layers.Embedding(len(vectorize.get_vocabulary()), 4)])
        """,
    "a layer adapted to the data is a part of it": """
        data = keras.utils.get_file("a", "http://b")  # needs data
        norm = layers.Normalization()
        norm.adapt(data)
        model = keras.Sequential([norm, layers.Dense(4)])
        """,
    "a layer of a layer adapted to the data": """
        data = keras.utils.get_file("a", "http://b")  # needs data
        model = Diffusion()
        model.normalizer.adapt(data)
        """,
    "a model is built step by step": """
        model = keras.Sequential()  # keep
        model.add(layers.Dense(3))  # keep
        for _ in range(3):  # keep
            model.add(layers.Dense(4))
        model.fit(1)  # drop
        """,
    "a list that a loop fills": """
        blocks = []  # keep
        for n in (1, 2):  # keep
            blocks.append(layers.Dense(n))
        model = keras.Sequential(blocks)  # keep
        model.fit(1)  # drop
        """,
    "a list that grows by itself": """
        blocks = [layers.Dense(1)]  # keep
        blocks += [layers.Dense(2)]  # keep
        model = keras.Sequential(blocks)  # keep
        model.fit(1)  # drop
        """,
    "another name for a list that grows by itself": """
        blocks = [layers.Dense(1)]  # keep
        more = blocks  # keep
        more += [layers.Dense(2)]  # keep
        model = keras.Sequential(blocks)  # keep
        model.fit(1)  # drop
        """,
    "layers are frozen after it is made": """
        model = keras.Sequential([layers.Dense(3)])  # keep
        for layer in model.layers:  # keep
            layer.trainable = False
        model.fit(1)  # drop
        """,
    "one layer is frozen by its name": """
        dense = layers.Dense(3)  # keep
        model = keras.Sequential([dense])  # keep
        dense.trainable = False  # keep
        model.fit(1)  # drop
        """,
    "one layer is taken out of it and frozen": """
        model = keras.Sequential([layers.Dense(3)])  # keep
        first = model.layers[0]  # keep
        first.trainable = False  # keep
        model.fit(1)  # drop
        """,
    "it is frozen between two trainings": """
        base = keras.Sequential([layers.Dense(3)])  # keep
        model = keras.Sequential([base, layers.Dense(3)])  # keep
        model.fit(1)  # drop
        base.trainable = True  # keep
        model.compile("sgd", "mse")  # keep
        model.fit(1)  # drop
        """,
    "a patched library": """
        def call(self, x):  # keep
            return x
        keras.layers.Dense.call = call  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "a library patched by another name": """
        D = layers.Dense  # keep
        D.units = 3  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "a library patched by setattr": """
        setattr(layers.Dense, "x", 3)  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "a library patched with what costs": """
        x = keras.datasets.mnist.load_data()  # needs x
        keras.layers.Dense.units = len(x)
        model = keras.Sequential([layers.Dense(3)])
        """,
    "settings that all code sees": """
        import os, sys  # keep
        os.environ["TF_X"] = "1"  # keep
        sys.path.insert(0, "lib")  # keep
        keras.utils.set_random_seed(1)  # keep
        keras.mixed_precision.set_global_policy("mixed_float16")  # keep
        keras.backend.set_image_data_format("channels_first")  # keep
        keras.utils.get_custom_objects()["a"] = 1  # keep
        np.random.seed(3)  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "a setting that comes from what costs": """
        x = input("policy? ")  # needs x
        keras.mixed_precision.set_global_policy(x)
        model = keras.Sequential([layers.Dense(3)])
        """,
    "a setting in a function that trains": """
        def main():
            keras.backend.set_floatx("float16")
            net.fit(1)
        net = keras.Sequential([layers.Dense(3)])
        main()  # needs <settings>
        model = keras.Sequential([layers.Dense(3)])
        """,
    "a name for data and for layers": """
        inputs = keras.Input((3,))  # keep
        x = layers.Dense(3)(inputs)  # keep
        model = keras.Model(inputs, x)  # keep
        x, y = keras.datasets.mnist.load_data()  # drop
        x[0] = 1  # drop
        model.fit(x, y)  # drop
        """,
    "a name for layers after data": """
        x, y = keras.datasets.mnist.load_data()  # drop
        inputs = keras.Input((3,))  # keep
        x = layers.Dense(3)(inputs)  # keep
        model = keras.Model(inputs, x)  # keep
        """,
    "the name is bound again by what costs": """
        model = keras.Sequential([layers.Dense(3)])
        model = keras.models.load_model(keras.utils.get_file("a", "b"))  # needs model
        """,
    "the name is bound again by a function that trains": """
        def run(m):
            m.fit(1)
            return m
        model = keras.Sequential([layers.Dense(3)])
        model = run(model)  # needs model
        """,
    "a function that trains compiles it too": """
        def run(m):
            m.compile("adam", "mse")
            m.fit(1)
        model = keras.Sequential([layers.Dense(3)])
        run(model)  # needs model
        """,
    "a function that trains and nothing else": """
        def run(m, epochs):  # keep
            history = m.fit(1, epochs=epochs)
            print(history.history)
        model = keras.Sequential([layers.Dense(3)])  # keep
        run(model, 3)  # drop
        """,
    "a training method of its own": """
        class Net(keras.Model):
            def fit(self, x):
                self.dense = layers.Dense(3)
        model = Net()
        model.fit(1)  # needs model
        """,
    "a model saved and loaded again": """
        model = keras.Sequential([layers.Dense(3)])
        model.fit(1)  # needs <saved
        model.save("a.keras")
        model = keras.models.load_model("a.keras")
        """,
    "weights that training left behind": """
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        model.load_weights("best.weights.h5")  # drop
        """,
    "weights that were there": """
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.load_weights("start.weights.h5")  # keep
        model.fit(1)  # drop
        """,
    "weights that are set to downloaded values": """
        table = keras.utils.get_file("a", "b")  # needs table
        layer = layers.Embedding(3, 4)
        layer.set_weights([table])
        model = keras.Sequential([layer])
        """,
    "a function looks up names at the end": """
        WIDTH = 3  # drop
        x = keras.datasets.mnist.load_data()  # drop
        def build():  # keep
            return keras.Sequential([layers.Dense(WIDTH)])
        def show():  # keep
            print(x)
        WIDTH = 4  # keep
        """,
    "a function looks up what another one looks up": """
        WIDTH = 3  # keep
        x = keras.datasets.mnist.load_data()  # drop
        def head():  # keep
            return layers.Dense(WIDTH)
        def build():  # keep
            return keras.Sequential([head()])
        """,
    "a class with a default from the module": """
        WIDTH = 3  # keep
        x = keras.datasets.mnist.load_data()  # drop
        class build(keras.Model):  # keep
            def __init__(self, width=WIDTH):
                super().__init__()
        """,
    "a decorator": """
        def twice(f):  # keep
            return lambda: f()
        x = keras.datasets.mnist.load_data()  # drop
        @twice
        def build():  # keep
            return keras.Sequential([layers.Dense(3)])
        """,
    "a default that costs": """
        x = keras.datasets.mnist.load_data()  # needs x
        def build(n=len(x)):
            return keras.Sequential([layers.Dense(n)])
        """,
    "branches": """
        BIG = True  # keep
        if BIG:  # keep
            n = 3  # keep
        else:
            n = 4  # keep
        x = keras.datasets.mnist.load_data()  # drop
        if BIG:  # drop
            print(x)  # drop
        model = keras.Sequential([layers.Dense(n)])  # keep
        """,
    "one branch costs": """
        n = 3
        if n:
            n = len(keras.datasets.mnist.load_data())  # needs n
        model = keras.Sequential([layers.Dense(n)])
        """,
    "a condition that costs": """
        n = 3
        if input("big?"):  # needs
            n = 4
        model = keras.Sequential([layers.Dense(n)])
        """,
    "a scope": """
        import tensorflow as tf  # keep
        strategy = tf.distribute.get_strategy()  # keep
        with strategy.scope():  # keep
            model = keras.Sequential([layers.Dense(3)])  # keep
            model.compile("adam", "mse")  # keep
            model.fit(1)  # drop
        """,
    "a file that is opened": """
        with open("units.txt") as f:  # keep
            n = int(f.read())  # keep
        model = keras.Sequential([layers.Dense(n)])  # keep
        model.fit(1)  # drop
        """,
    "a file that a command wrote": """
        import os
        os.system("make units.txt")  # needs <files>
        with open("units.txt") as f:
            n = int(f.read())
        model = keras.Sequential([layers.Dense(n)])
        """,
    "a fallback": """
        try:  # keep
            n = int("a")
        except ValueError:
            n = 3
        model = keras.Sequential([layers.Dense(n)])  # keep
        model.fit(1)  # drop
        """,
    "training that may be broken off": """
        model = keras.Sequential([layers.Dense(3)])  # keep
        try:  # drop
            model.fit(1)
        except KeyboardInterrupt:
            print("done")
        """,
    "training by hand": """
        import tensorflow as tf  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        opt = keras.optimizers.Adam()  # keep
        model.compile(opt, "mse")  # keep
        for step in range(1000):  # drop
            with tf.GradientTape() as tape:
                loss = keras.ops.mean(model(np.zeros((1, 3))))
            grads = tape.gradient(loss, model.trainable_variables)
            opt.apply_gradients(zip(grads, model.trainable_variables))
        """,
    "training in batches": """
        model = keras.Sequential([layers.Dense(3)])  # keep
        for epoch in range(10):  # drop
            model.train_on_batch(1, 2)
            if epoch == 5:
                print(epoch)
        """,
    "training that unfreezes on the way": """
        model = keras.Sequential([layers.Dense(3)])
        for epoch in range(10):  # needs model
            model.fit(1)
            model.trainable = False
        """,
    "training that grows it on the way": """
        model = keras.Sequential([layers.Dense(3)])
        for epoch in range(10):  # needs model
            model.fit(1)
            model.add(layers.Dense(2))
        """,
    "code that is made of text": """
        exec("n = 3")  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "code that is made of text may use what costs": """
        x = keras.datasets.mnist.load_data()  # needs x
        exec("n = len(x)")
        model = keras.Sequential([layers.Dense(3)])
        """,
    "all names of a library": """
        from keras.layers import *  # keep
        model = keras.Sequential([Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "an unknown function of another file": """
        from helpers import prepare  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        prepare(model)  # keep
        model.fit(1)  # drop
        """,
    "an unknown function that may know it all": """
        from helpers import prepare  # keep
        prepare()  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "an unknown function that is given what costs, and the model": """
        from helpers import prepare
        x = keras.datasets.mnist.load_data()  # needs x
        model = keras.Sequential([layers.Dense(3)])
        prepare(model, x)
        """,
    "an unknown function that is given what costs alone": """
        from helpers import show  # keep
        x = keras.datasets.mnist.load_data()  # drop
        model = keras.Sequential([layers.Dense(3)])  # keep
        show(x)  # drop
        """,
    "an unknown module that made the model is given what costs": """
        import helpers
        x = keras.datasets.mnist.load_data()  # needs x
        helpers.tune(x)
        model = helpers.build()
        """,
    "random numbers are drawn in order": """
        np.random.seed(0)  # keep
        first = np.random.rand(3)  # keep
        second = np.random.rand(3)  # keep
        model = keras.Sequential([layers.Rescaling(second)])  # keep
        model.fit(1)  # drop
        """,
    "random numbers that come after others for the data": """
        np.random.seed(0)
        x = keras.datasets.mnist.load_data()  # needs x
        np.random.shuffle(x)
        scale = np.random.rand(3)
        model = keras.Sequential([layers.Rescaling(scale)])
        """,
    "several names at once": """
        a, b = 3, 4  # keep
        x, n = keras.datasets.mnist.load_data(), 5  # drop
        model = keras.Sequential([layers.Dense(a)])  # keep
        """,
    "names in a comprehension are its own": """
        x = keras.datasets.mnist.load_data()  # drop
        sizes = [x for x in (1, 2)]  # keep
        model = keras.Sequential([layers.Dense(n) for n in sizes])  # keep
        """,
    "a walrus": """
        if (n := 3) > 2:  # keep
            m = n  # keep
        model = keras.Sequential([layers.Dense(m)])  # keep
        model.fit(1)  # drop
        """,
    "removed names": """
        n = 3  # keep
        m = n  # keep
        del n  # keep
        model = keras.Sequential([layers.Dense(m)])  # keep
        model.fit(1)  # drop
        """,
    "an annotated name": """
        n: int = 3  # keep
        model: keras.Model = keras.Sequential([layers.Dense(n)])  # keep
        model.fit(1)  # drop
        """,
    "a method that trains": """
        class Runner:  # keep
            def __init__(self, model):
                self.model = model
            def run(self):
                self.model.fit(1)
        model = keras.Sequential([layers.Dense(3)])  # keep
        Runner(model).run()  # drop
        """,
    "a method that trains and changes it": """
        class Runner:
            def __init__(self, model):
                self.model = model
            def run(self):
                self.model.layers[0].trainable = False
                self.model.fit(1)
        model = keras.Sequential([layers.Dense(3)])
        Runner(model).run()  # needs model
        """,
    "a constructor that trains": """
        class Runner:
            def __init__(self):
                self.model = keras.Sequential([layers.Dense(3)])
                self.model.fit(1)
        model = Runner().model  # needs model
        """,
    "a model inside an object that trains it": """
        class Runner:  # keep
            def __init__(self):
                self.model = keras.Sequential([layers.Dense(3)])
            def run(self):
                self.model.fit(1)
        runner = Runner()  # keep
        runner.run()  # drop
        model = runner.model  # keep
        """,
    "a closure changes what it holds": """
        def maker(cfg):  # keep
            def grow():
                cfg["n"] = 4
            return grow
        CFG = {"n": 3}  # keep
        grow = maker(CFG)  # keep
        grow()  # keep
        model = keras.Sequential([layers.Dense(CFG["n"])])  # keep
        model.fit(1)  # drop
        """,
    "a closure with what costs changes what it holds": """
        def maker(cfg):
            def grow(x):
                cfg["n"] = len(x)
            return grow
        CFG = {"n": 3}
        grow = maker(CFG)
        x = keras.datasets.mnist.load_data()  # needs x
        grow(x)
        model = keras.Sequential([layers.Dense(CFG["n"])])
        """,
    "a closure that trains": """
        def maker(net):  # keep
            def train():
                net.fit(1)
            return train
        model = keras.Sequential([layers.Dense(3)])  # keep
        train = maker(model)
        train()  # drop
        """,
    "a callback changes the module": """
        SEEN = []  # keep
        def note(x):  # keep
            SEEN.append(x)
            return x
        list(map(note, [1, 2]))  # keep
        model = keras.Sequential([layers.Dense(n) for n in SEEN])  # keep
        model.fit(1)  # drop
        """,
    "plots, writes and waits": """
        import matplotlib.pyplot as plt, os, time
        os.makedirs("out")  # drop
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.summary()  # drop
        plt.plot([1])  # drop
        plt.show()  # drop
        keras.utils.plot_model(model)  # drop
        time.sleep(3)  # drop
        model.save("a.keras")  # drop
        """,
    "predictions are not the model": """
        import matplotlib.pyplot as plt
        def show(a, b):  # keep
            for one in a:
                ax = plt.subplot(1)
                ax.get_xaxis().set_visible(False)
                plt.imshow(one)
            plt.show()
        x = keras.datasets.mnist.load_data()  # drop
        model = keras.Sequential([layers.Dense(3)])  # keep
        predictions = model.predict(x)  # drop
        show(x, predictions)  # drop
        """,
    "a table of optimizer steps from the data": """
        x = keras.datasets.mnist.load_data()  # needs x
        steps = len(x) * 10
        model = keras.Sequential([layers.Dense(3)])
        model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, steps)), "mse")
        """,
    "a method put into a class of its own": """
        class Net(keras.Model):  # keep
            pass
        def call(self, x):  # keep
            return x
        Net.call = call  # keep
        model = Net()  # keep
        model.fit(1)  # drop
        """,
    "a method put into a class after the object is made": """
        class Net(keras.Model):  # keep
            pass
        model = Net()  # keep
        setattr(Net, "call", lambda self, x: x)  # keep
        model.fit(1)  # drop
        """,
    "a class attribute": """
        class Config:  # keep
            n = 3
        class Net(keras.Model):  # keep
            def __init__(self):
                super().__init__()
                self.dense = layers.Dense(Config.n)
        Config.n = 4  # keep
        model = Net()  # keep
        model.fit(1)  # drop
        """,
    "a class attribute set to what costs": """
        class Config:
            n = 3
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = layers.Dense(Config.n)
        x = keras.datasets.mnist.load_data()  # drop
        Config.n = len(x)  # forget
        model = Net()  # keep
        """,
    "a default list that grows": """
        def add(n, held=[]):  # keep
            held.append(n)
            return held
        add(3)  # keep
        model = keras.Sequential([layers.Dense(n) for n in add(4)])  # keep
        model.fit(1)  # drop
        """,
    "a generator": """
        CFG = [3]  # keep
        def sizes():  # keep
            for n in CFG:
                yield n
        CFG.append(4)  # keep
        model = keras.Sequential([layers.Dense(n) for n in sizes()])  # keep
        model.fit(1)  # drop
        """,
    "an iterator that is used up": """
        sizes = iter([3, 4])  # keep
        next(sizes)  # keep
        model = keras.Sequential([layers.Dense(next(sizes))])  # keep
        model.fit(1)  # drop
        """,
    "a list that is turned round": """
        sizes = [3, 4]  # keep
        sizes.reverse()  # keep
        model = keras.Sequential([layers.Dense(n) for n in sizes])  # keep
        model.fit(1)  # drop
        """,
    "a registered layer": """
        @keras.saving.register_keras_serializable()
        class Own(layers.Layer):  # keep
            pass
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "a registry of its own": """
        LAYERS = {}  # keep
        def register(cls):  # keep
            LAYERS[cls.__name__] = cls
            return cls
        @register
        class Own(layers.Layer):  # keep
            pass
        model = keras.Sequential([LAYERS["Own"]()])  # keep
        model.fit(1)  # drop
        """,
    "a loop over what costs fills it": """
        words = set()
        for line in open(keras.utils.get_file("a", "b")):  # needs words
            words.update(line.split())
        model = keras.Sequential([layers.Embedding(len(words), 3)])
        """,
    "an argument parser": """
        import argparse  # keep
        parser = argparse.ArgumentParser()  # keep
        parser.add_argument("--n", type=int, default=3)  # keep
        args = parser.parse_args()  # keep
        args.n += 1  # keep
        model = keras.Sequential([layers.Dense(args.n)])  # keep
        model.fit(1)  # drop
        """,
    "asked for a width": """
        n = int(input("width? "))  # needs n
        model = keras.Sequential([layers.Dense(n)])
        """,
    "asked whether to train": """
        model = keras.Sequential([layers.Dense(3)])  # keep
        if input("train? ") == "y":  # drop
            model.fit(1)  # drop
        """,
    "a lambda looks up a name later": """
        n = 3  # drop
        make = lambda: layers.Dense(n)  # keep
        n = 4  # keep
        model = keras.Sequential([make()])  # keep
        model.fit(1)  # drop
        """,
    "a lambda in a layer looks up a name at the end": """
        scale = 3  # keep
        model = keras.Sequential([layers.Lambda(lambda x: x * scale)])  # keep
        model.fit(1)  # drop
        """,
    "a lambda in a layer looks up a list that grows later": """
        scale = [3]  # keep
        model = keras.Sequential([layers.Lambda(lambda x: x * scale[0])])  # keep
        scale[0] = 4  # keep
        model.fit(1)  # drop
        """,
    "a patch that an object starts": """
        from unittest import mock  # keep
        patch = mock.patch("keras.layers.Dense.call")  # keep
        patch.start()  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "an object of an unknown package": """
        import helpers  # keep
        tool = helpers.Tool()  # keep
        for _ in range(3):  # keep
            tool.run()
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "training that freezes layers as it goes": """
        class Gan(keras.Model):
            def train_step(self, data):
                self.critic.trainable = False
                return {}
        model = Gan()
        model.fit(1)  # needs model
        """,
    "a callback that unfreezes": """
        class Thaw(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                self.model.trainable = True
        model = keras.Sequential([layers.Dense(3)])
        model.fit(1, callbacks=[Thaw()])  # needs model
        """,
    "all names of an unknown file": """
        from helpers import *  # keep
        other = keras.Sequential([layers.Dense(3)])  # drop
        other.fit(1)  # drop
        """,
    "a name that is made of text": """
        globals()["mo" + "del"] = keras.Sequential([layers.Dense(3)])  # keep
        x = keras.datasets.mnist.load_data()  # drop
        """,
    "a name that there is not": """
        other = keras.Sequential([layers.Dense(3)])  # drop
        other.fit(1)  # drop
        """,
    "classes of Keras are patched in a loop": """
        def call(self, x):  # keep
            return x
        for cls in (layers.Dense, layers.Conv2D):  # keep
            cls.call = call
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "a class of Keras is patched by another name": """
        dense = getattr(layers, "Dense")  # keep
        dense.call = lambda self, x: x  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.fit(1)  # drop
        """,
    "a function that is handed over changes what it is given": """
        model = keras.Sequential([layers.Dense(3)])  # keep
        list(map(lambda one: setattr(one, "trainable", False), model.layers))  # keep
        model.fit(1)  # drop
        """,
    "a method is handed over": """
        model = keras.Sequential()  # keep
        list(map(model.add, [layers.Dense(3)]))  # keep
        model.fit(1)  # drop
        """,
    "a function hands out a layer": """
        def find(net, name):  # keep
            for one in net.layers:
                if one.name == name:
                    return one
        model = keras.Sequential([layers.Dense(3, name="a")])  # keep
        head = find(model, "a")  # keep
        head.trainable = False  # keep
        model.fit(1)  # drop
        """,
    "a function puts a layer into a model": """
        def attach(net, one):  # keep
            net.add(one)
        head = layers.Dense(3)  # keep
        model = keras.Sequential()  # keep
        attach(model, head)  # keep
        head.trainable = False  # keep
        model.fit(1)  # drop
        """,
    "another model shares its layers": """
        body = keras.Sequential([layers.Dense(3), layers.Dense(2)])  # keep
        features = keras.Model(body.inputs, body.layers[0].output)  # keep
        features.trainable = False  # keep
        model = keras.Model(body.inputs, body.outputs)  # keep
        model.fit(1)  # drop
        """,
    "a shallow copy shares its parts": """
        CFG = {"units": [3]}  # keep
        other = CFG.copy()  # keep
        other["units"].append(4)  # keep
        model = keras.Sequential([layers.Dense(units) for units in CFG["units"]])  # keep
        model.fit(1)  # drop
        """,
    "a setting that is called a size": """
        CFG = Namespace(size={"units": 3})  # keep
        CFG.size["units"] = 4  # keep
        model = keras.Sequential([layers.Dense(CFG.size["units"])])  # keep
        model.fit(1)  # drop
        """,
    "what a star brings is changed": """
        from settings import *  # keep
        CFG["units"] = 4  # keep
        model = keras.Sequential([layers.Dense(CFG["units"])])  # keep
        Freeze(model)  # keep
        model.fit(1)  # drop
        """,
    "an operator of a class changes a model": """
        class Chain:  # keep
            def __rshift__(self, one):
                model.add(one)
                return self
        model = keras.Sequential()  # keep
        Chain() >> layers.Dense(3)  # keep
        model.fit(1)  # drop
        """,
    "an object of another module changes a model": """
        import surgery  # keep
        surgeon = surgery.Surgeon()  # keep
        model = keras.Sequential([layers.Dense(3)])  # keep
        surgeon.replace(model)  # keep
        model.fit(1)  # drop
        """,
    "a registry calls a function": """
        BUILDERS = {}  # keep
        def register(name):  # keep
            def put(function):
                BUILDERS[name] = function
                return function
            return put
        UNITS = 3  # keep
        OTHER = 4  # drop
        @register("net")
        def make():  # keep
            return keras.Sequential([layers.Dense(UNITS)])
        model = BUILDERS["net"]()  # keep
        model.fit(1)  # drop
        """,
    "values that nothing needs": """
        steps = len([1, 2])  # drop
        for step in range(steps):  # drop
            print(step)
        model = keras.Sequential([layers.Dense(3)])  # keep
        model.summary()  # drop
        model.fit(1)  # drop
        """,
    "called on data, which builds it": """
        x = keras.datasets.mnist.load_data()  # drop
        model = keras.Sequential([layers.Dense(3)])  # keep
        model(x)  # drop
        """,
    "called on zeros, which builds it": """
        model = keras.Sequential([layers.Dense(3)])  # keep
        model(np.zeros((1, 3)))  # keep
        model.fit(1)  # drop
        """,
    "a function hands out a layer that is set to what costs": """
        def find(net, name):
            for one in net.layers:
                if one.name == name:
                    return one
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        model = keras.Sequential([layers.Dropout(0.5, name="a")])
        head = find(model, "a")
        head.rate = x.std()
        """,
    "a function of Python hands out a layer": """
        import random
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        model = keras.Sequential([layers.Dropout(0.5)])
        head = random.choice(model.layers)
        head.rate = x.std()
        """,
    "an operator hands out a layer": """
        import operator
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        model = keras.Sequential([layers.Dropout(0.5)])
        operator.attrgetter("head")(model).rate = x.std()
        """,
    "classes of Keras are patched with what costs in a loop": """
        from keras.layers import Conv2D, Dense
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        for cls in (Dense, Conv2D):
            cls.scale = x.mean()
        model = keras.Sequential([layers.Dense(3)])
        """,
    "a class of Keras is patched with what costs by another name": """
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        dense = getattr(layers, "Dense")
        dense.scale = x.mean()
        model = keras.Sequential([layers.Dense(3)])
        """,
    "a class of Keras is patched with what costs in a table": """
        kinds = {"dense": layers.Dense}
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        kinds["dense"].scale = x.mean()
        model = keras.Sequential([layers.Dense(3)])
        """,
    "a class of Keras is patched with what costs by a function": """
        def patch(cls, value):
            cls.scale = value
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        patch(layers.Dense, x.mean())
        model = keras.Sequential([layers.Dense(3)])
        """,
    "a function patches classes of Keras with what costs": """
        from keras.layers import Conv2D, Dense
        def patch(value):
            for cls in (Dense, Conv2D):
                cls.scale = value
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        patch(x.mean())
        model = keras.Sequential([layers.Dense(3)])
        """,
    "the class of a layer is patched with what costs": """
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        type(layers.Dense(3)).scale = x.mean()
        model = keras.Sequential([layers.Dense(3)])
        """,
    "a part of a shallow copy grows by what costs": """
        CFG = {"units": [3]}
        (x, y), _ = keras.datasets.mnist.load_data()  # needs y
        big = CFG.copy()
        big["units"].append(len(set(y)))
        model = keras.Sequential([layers.Dense(n) for n in CFG["units"]])
        """,
    "a part of another shallow copy": """
        import copy
        CFG = {"units": [3]}
        (x, y), _ = keras.datasets.mnist.load_data()  # needs y
        big = copy.copy(CFG)
        big["units"].append(len(set(y)))
        model = keras.Sequential([layers.Dense(n) for n in CFG["units"]])
        """,
    "a shallow copy is set to what costs": """
        CFG = {"units": [3]}  # keep
        (x, y), _ = keras.datasets.mnist.load_data()  # drop
        big = CFG.copy()
        big["name"] = len(set(y))  # drop
        model = keras.Sequential([layers.Dense(n) for n in CFG["units"]])  # keep
        """,
    "a deep copy is set to what costs": """
        import copy
        CFG = {"units": 3}  # keep
        (x, y), _ = keras.datasets.mnist.load_data()  # drop
        big = copy.deepcopy(CFG)
        big["units"] = len(set(y))  # drop
        model = keras.Sequential([layers.Dense(CFG["units"])])  # keep
        """,
    "written into by position": """
        s = np.ones(3)
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        m = np.add(x, 3, s)
        model = keras.Sequential([layers.Rescaling(s)])
        """,
    "written into by position, at no cost": """
        s = np.ones(3)  # keep
        m = np.add(s, 3, s)  # keep
        model = keras.Sequential([layers.Rescaling(s)])  # keep
        model.fit(1)  # drop
        """,
    "written into by name": """
        s = np.ones(3)
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        x.mean(axis=0, out=s)
        model = keras.Sequential([layers.Rescaling(s)])
        """,
    "what is called a size is set to what costs": """
        CFG = Namespace(size={"w": 3})
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        CFG.size["w"] = int(x.max())
        model = keras.Sequential([layers.Dense(CFG.size["w"])])
        """,
    "what is called a shape grows by what costs": """
        CFG = Namespace(shape=[3])
        (x, y), _ = keras.datasets.mnist.load_data()  # needs x
        CFG.shape.append(int(x.max()))
        model = keras.Sequential([layers.Dense(n) for n in CFG.shape])
        """,
    "a view is set to what costs": """
        s = np.ones(3)
        (x, y), _ = keras.datasets.mnist.load_data()  # needs y
        np.asarray(s)[1] = int(y.max())
        model = keras.Sequential([layers.Rescaling(s)])
        """,
    "the class of an object is set to what costs": """
        class Config:
            width = 3
        c = Config()
        (x, y), _ = keras.datasets.mnist.load_data()  # needs y
        type(c).width = len(y)
        model = keras.Sequential([layers.Dense(c.width)])
        """,
    "the class of an object, by its attribute": """
        class Config:
            width = 3
        c = Config()
        (x, y), _ = keras.datasets.mnist.load_data()  # needs y
        c.__class__.width = len(y)
        model = keras.Sequential([layers.Dense(c.width)])
        """,
    "a method of Python's own is called by its class": """
        CFG = {"units": 3}
        (x, y), _ = keras.datasets.mnist.load_data()  # needs y
        dict.update(CFG, units=len(y))
        model = keras.Sequential([layers.Dense(CFG["units"])])
        """,
    "objects of its own are set to what costs": """
        import collections
        def make_log(keys):  # keep
            return {key: [] for key in keys}
        x, y = keras.datasets.mnist.load_data()  # drop
        model = keras.Sequential([layers.Dense(3)])  # keep
        history = {"loss": []}
        counts = collections.defaultdict(list)
        log = make_log(["a"])
        table = np.zeros((3, 4))
        opt = keras.optimizers.Adam()
        x[0] = 1  # drop
        history["loss"].append(len(x))  # drop
        history["best"] = x.max()  # drop
        counts["a"].append(len(y))  # drop
        log["a"].append(len(y))  # drop
        table[0] = x[0]  # drop
        opt.learning_rate = len(x)  # drop
        x = x.map(lambda one: one / 255).batch(3)  # drop
        rng = np.random.default_rng(0)
        order = rng.permutation(len(x))  # drop
        rng.shuffle(order)  # drop
        """,
    "a function that looks up what costs is called at no cost": """
        def show(number):  # keep
            print(predictions[number])
        x, y = keras.datasets.mnist.load_data()  # drop
        model = keras.Sequential([layers.Dense(3)])  # keep
        predictions = model.predict(x)  # drop
        show(3)  # drop
        """,
    "scores and plots of a model": """
        import matplotlib.pyplot as plt
        x, y = keras.datasets.mnist.load_data()  # drop
        model = keras.Sequential([layers.Dense(3)])  # keep
        scores = []
        history = model.fit(x)  # drop
        scores.append(model.evaluate(x, y))  # drop
        fig, axes = plt.subplots(2)  # drop
        axes[0].imshow(x[0])  # drop
        axes[1].title = str(y[0])  # drop
        pairs = list(zip(x, y))  # drop
        pairs[0] = pairs[1]  # drop
        out = model(x)  # drop
        out[0] = 1  # drop
        wrong = np.where(y == 3, x, y)  # drop
        """,
}


def planned(text: str, name: str, part: str = "") -> Plan:
    return plan_for(ast.parse(text), (name,), lambda package: True, part=part)


def lines_run(plan: Plan) -> dict[int, str]:
    assert plan.tree is not None
    nodes = [node for node in ast.walk(plan.tree) if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass)]
    return {node.lineno: ast.unparse(node) for node in nodes}


@pytest.mark.parametrize("case", CASES)
def test_what_a_name_needs(case: str) -> None:
    text = HEAD + dedent(CASES[case]).strip("\n")
    marks = {number: found for number, line in enumerate(text.split("\n"), 1) if (found := _MARK.search(line))}
    name = "build" if re.search(r"(def|class) build\b", text) else "model"

    plan = planned(text, name)

    needed = [(found[2], number) for number, found in marks.items() if found[1] == "needs"]
    if needed:
        assert plan.refusal is not None
        assert [(plan.refusal.name.split(" ")[0], plan.refusal.line)] == needed
        return
    assert plan.refusal is None
    if not marks:
        assert plan.tree is None
        return
    run = lines_run(plan)
    for number, found in marks.items():
        expected = "drop" if number not in run else "forget" if run[number].startswith("globals().pop") else "keep"
        assert found[1] == expected, (number, text.split("\n")[number - 1])


def test_a_text_is_read_and_planned_once_and_anew_where_it_is_another(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("import keras\nmodel = keras.Sequential()\nmodel.fit([1])\n")
    target = parse_target(f"{file}:model")
    first, again = source(file, ""), source(file, "")

    assert first.tree is again.tree
    assert plan_of(target, first) is plan_of(target, again)
    assert plan_of(target, first).left_out == ((3, 3),)
    assert plan_of(target, first, {2: Cost("fails", 2, "no file")}) is not plan_of(target, first)
    file.write_text("import keras\nmodel = keras.Sequential()\n")
    assert plan_of(target, source(file, "")).tree is None
