"""What of two models corresponds, and which steps turn one into the other?

Imports canonical, graph, side and findings; imported by probing, explain, rungs, judge, report and pipeline.
"""
