"""What does a model do, asked of the model itself? A process of its own that loads, traces, runs and trains it.

Imports graph, findings, side, options, data and errors; imported by nobody: :mod:`kerasdiff.side.launching` starts it
by name. It is the only code that imports Keras and TensorFlow, and inside it the order is: ``keras_internals``, then
``tracing``, ``loading``, ``training`` and ``running``, each importing those before it alone; ``describe`` stands beside
``running``, and ``server`` above all.
"""
