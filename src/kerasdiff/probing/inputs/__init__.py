"""Which inputs are tried? Seeded batches, the constants a graph compares with, texts, and where a value comes from.

Imports graph and align; imported by the rest of probing, and by explain.
"""
