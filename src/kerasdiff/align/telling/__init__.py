"""Which edits of a script are one change, and how is that one told?

Each module knows one way in which a single change of the user's shows as several edits, or as one that names what
nobody wrote. :mod:`kerasdiff.align.correspondence` asks; `explain` may import it for the nodes of what is told.
"""
