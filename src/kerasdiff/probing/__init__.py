"""What do both models answer to the same question? Probes, weight transfer, shared draws, and what came of them.

Imports align, side, findings and graph; imported by explain, rungs, the observer and the pipeline. It runs models and
compares their values; what follows from the comparisons is for the rungs to say.
"""
