"""How are trials run, and what do they show? The experiment, its records, statistics, budget and verdict.

Imports options, side, findings and errors; imported by comparison, rungs, pipeline and report.
"""
