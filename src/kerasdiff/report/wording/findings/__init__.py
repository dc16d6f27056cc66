"""What does a finding say? A table of sentences for each family of facts, and one that holds them all.

Imports edits and fits, of which some findings speak; imported by what words a verdict and by report.
"""
