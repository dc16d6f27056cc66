"""What of two models corresponds, and which steps turn one into the other?

Imports canonical, graph, side and findings; imported by probing, explain, rungs, judge, report and pipeline.
"""

from kerasdiff.align.alignment import Alignment, align
from kerasdiff.align.correspondence import correspond
from kerasdiff.align.edits import Aspect, Change, Delete, Edit, Insert, Move, Part, Rewire, Update
from kerasdiff.align.pair import Aligned, Correspondence, Pair, WeightTransfer

__all__ = [
    "Aligned",
    "Alignment",
    "Aspect",
    "Change",
    "Correspondence",
    "Delete",
    "Edit",
    "Insert",
    "Move",
    "Pair",
    "Part",
    "Rewire",
    "Update",
    "WeightTransfer",
    "align",
    "correspond",
]
