"""Which weights correspond, and how do both sides get the same values? Pairing, joining, transposing, transfer.

Imports the prober, align, side and graph; imported by the observer and the pipeline.
"""
