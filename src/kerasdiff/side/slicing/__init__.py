"""Which statements of a script does a name need? What trains, downloads or asks is left out, where that is sound.

Pure syntax: nothing is run or imported for it. Imports errors, the targets and the readers of `side` and the standard
library alone; imported by cli, through `side.reading`, and by the worker, which runs what is left.
"""
