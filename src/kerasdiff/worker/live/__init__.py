"""How does a model that is in memory get into a worker? Packed where it is, unpacked in a process of its own.

:mod:`.pack` runs in the user's process, where :mod:`kerasdiff.api` calls it by name; :mod:`.unpack` in the worker.
"""
