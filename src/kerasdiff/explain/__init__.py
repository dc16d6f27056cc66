"""What explains a difference? What each edit does alone, where values part, and an input on which outputs part.

Imports probing, align and side; imported by pipeline, and its records by whoever tells of them.
"""
