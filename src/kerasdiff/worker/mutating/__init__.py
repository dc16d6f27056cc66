"""Which small changes of a model would a gate have to see? Takes a model apart, changes one thing and builds it again.

Imports loading; imported by the requests that ask for mutants, and by the tests, which score kerasdiff on them.
"""
