"""Are the two models the same on this level of evidence? One pure function a rung, from a pair and observations.

Imports probing, fit, align and findings; imported by comparison, judge, the observer, the pipeline and report. No rung
runs a model or looks at another rung.
"""
