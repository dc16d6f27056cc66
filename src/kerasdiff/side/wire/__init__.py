"""How does a message cross to a worker and back, whichever Python, numpy and Keras are at the other end?

As plain data: :mod:`.values` writes records and arrays down, :mod:`.frames` sends them. Imports errors and the targets
of the side; imported by its processes, by what decodes data, and by the worker.
"""
