"""What is drawn of two models, or of one? One graph that holds both, its groups, and what its nodes tell."""

from kerasdiff.report.html.graphs.data import graph_data, inspected_data

__all__ = ["graph_data", "inspected_data"]
