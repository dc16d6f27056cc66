"""Which options do commands share? Targets, settings of a side, trust, clusters, and how a pair is compared.

Imports options, side and what reports need; imported by commands and reports.
"""
