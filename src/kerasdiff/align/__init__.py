"""What of two models corresponds, and which steps turn one into the other?

Imports canonical, graph, side and findings; imported by probing and all above it. Its face: `correspondence.correspond`
makes the records of `pair`, whose edits are those of `edits`; how two graphs are aligned is told in `alignment`.
"""
