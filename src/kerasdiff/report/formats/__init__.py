"""How do other programs show a comparison? One module a format, each a function of one comparison or of several.

Imports report and its wording; imported by cli alone. A format adds no judgement: what it marks, and how gravely, are
the remarks of `kerasdiff.report.formats.remarks`.
"""
