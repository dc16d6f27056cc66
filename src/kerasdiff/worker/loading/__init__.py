"""How does a target become a model that can be called? What is in a file, the inputs, the precision.

Imports importing, tracing, live and keras_internals of the worker; imported by running, training, describe and server.
"""
