"""Which files does a revision of a repository hold, and how are they read in place of those that are there now?

Imports errors and the standard library alone; imported by `side.targets` and `side.reading`, by cli for ``--against``,
and by the worker, which imports modules from where a revision was laid out.
"""
