"""Which options do commands share? Targets, settings of a side, trust and clusters.

Imports completion, and side late; imported by reports and commands.
"""
