"""What does a model leave behind that can stand for it when its code is gone? A file, and how it is written and read.

A baseline answers by running its own calls, which are kept as TensorFlow graphs: so it fits any candidate, whatever
inputs, weights or values in between a comparison asks for. A file is read here without TensorFlow, and run by
`worker.stored` alone. Imports graph, plain and the records of the side; imported by its protocol and its reading, by
locking, the pipeline and the worker.
"""
