"""Which inputs are tried? Seeded batches, the constants a graph compares with, texts, and where a value comes from.

Imports align, numbers and graph; imported by the rest of probing, explain, the observer, the pipeline, and the worker,
which makes rows of its own.
"""
