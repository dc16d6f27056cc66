"""Which models are there to be named, in a file, a module or a directory? Told by their text; nothing is run.

Imports errors, the targets and readers of `side` and the standard library alone; imported by cli, and by what reads a
target that names a file alone.
"""
