"""How does a model that is in memory get into a worker? Packed where it is, unpacked in a process of its own.

:mod:`.pack` runs in the user's process, where :mod:`kerasdiff.api` imports it by name; :mod:`.unpack` in the worker,
which imports it to load a model.
"""
