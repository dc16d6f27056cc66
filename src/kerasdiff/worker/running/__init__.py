"""What does a model compute on given values? Evaluations, parts of a call, an optimizer step, saved weights.

Imports the loading, tracing and training of the worker; imported by the server alone, by the table of requests.
"""
