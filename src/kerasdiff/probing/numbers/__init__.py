"""Are two numbers the same? Closeness, rounding that a model amplifies, and in which precision that is decided.

Imports side, findings and graph; imported by the rest of probing, explain, the observer, the pipeline, and report for
the limits.
"""
