"""How does the code of a target run, which object stands by its name, and what is said where that fails?

Imports tracing and keras_internals of the worker; imported by loading and, for what is said of errors, by all others.
"""
