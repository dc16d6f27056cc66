"""What does a picture of two models hold beside the evidence? Whole graphs, the lines of code, and distances by depth.

In frozen records: put together by `kerasdiff.picturing`, drawn by `kerasdiff.report.html`.
"""

from __future__ import annotations

from dataclasses import dataclass

from kerasdiff.explain.records import Depth
from kerasdiff.graph import Graph, Mode, Weight
from kerasdiff.side.records import Excerpt


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One model.

    Attributes:
        graph: The canonical graph, its nodes without their lowerings.
        weights: Those that its nodes hold, by their order in the model.
        excerpts: The code around every line that a node or an edit names, in the order of files and lines.
    """

    graph: Graph
    weights: tuple[Weight, ...]
    excerpts: tuple[Excerpt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightDistance:
    """How far the gradients of two weights that correspond are from each other.

    Attributes:
        weights: The reference's and the candidate's path.
        ids: Of both, by which weights of one path are told apart; of a part of a weight, its name.
        relative: Largest difference as a fraction of scale; infinite where one side alone has a gradient.
        limit: What it is held to.
    """

    weights: tuple[str, str]
    ids: tuple[str, str]
    relative: float
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is drawn of a comparison.

    Attributes:
        mode: In which the graphs were traced.
        sides: Reference and candidate.
        depth: ``None`` where values were not compared node by node.
        gradients: In the order of the reference's weights; empty where no gradients were compared.
    """

    mode: Mode
    sides: tuple[Drawn, Drawn]
    depth: Depth | None = None
    gradients: tuple[WeightDistance, ...] = ()
