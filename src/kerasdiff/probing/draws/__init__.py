"""How are models compared that draw random numbers? With the same draws where they correspond, else as samples.

Imports the prober, align, side, findings and graph; imported by the observers of probing, by rungs, explain and the
pipeline.
"""
