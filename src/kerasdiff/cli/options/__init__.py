"""Which options do commands share? Targets, settings of a side, trust, clusters, and how a pair is compared.

Imports completion, side late, and of the reports what says how a pair is told; imported by commands and reports.
"""
