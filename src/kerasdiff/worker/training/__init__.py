"""How is one trial run? Its data, task, steps, trial store and identity.

Imports the loading and tracing of the worker, and data; imported by the running of the worker for its tasks.
"""
