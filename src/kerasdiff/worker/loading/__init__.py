"""How does a target become a model that can be called? The file, the constructor, the inputs, the precision.

Imports tracing and keras_internals of the worker; imported by running, training, describe and server.
"""
