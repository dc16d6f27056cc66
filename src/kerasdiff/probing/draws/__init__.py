"""How do both sides come to draw the same random numbers, and what if they cannot? Common draws, or samples.

Imports the prober, align, side and graph; imported by the rest of probing, explain, rungs and the pipeline.
"""
