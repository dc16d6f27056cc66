"""What does a model leave behind that can stand for it when its code is gone? A file, and how it is written and read.

A baseline answers by running its own calls, which are kept as TensorFlow graphs: so it fits any candidate, whatever
inputs, weights or values in between a comparison asks for. Imports what the rest of the side does; a file is read here
without TensorFlow, and run by :mod:`kerasdiff.worker.stored` alone.
"""
