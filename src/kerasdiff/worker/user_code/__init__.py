"""Which code is the user's, what does it say, and what does it reach? For what has no config to compare.

Imports keras_internals of the worker; imported by every other room of it.
"""
