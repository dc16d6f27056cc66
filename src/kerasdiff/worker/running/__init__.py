"""What does a model compute on given values? Evaluations, parts of a call, an optimizer step, saved weights.

Imports the loading, tracing and training of the worker; the server calls it by the table
of requests.
"""
