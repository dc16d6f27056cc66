"""What does a model do? A graph of call events as plain data, and what is known of the ops in it.

Imports nothing of kerasdiff but its errors; everyone may import it: the records from here, the taxonomy of TensorFlow's
ops, their names, digests, indexes and values from `ops`, `names`, `signature`, `index` and `values`.
"""

from kerasdiff.graph.model import (
    FUSED,
    MODES,
    SAME_AS,
    SEED_ROLE,
    Attribute,
    Edge,
    Graph,
    Kind,
    Mode,
    Node,
    Part,
    Port,
    Source,
    TensorSpec,
    Weight,
)
from kerasdiff.graph.returned import Returned

__all__ = [
    "FUSED",
    "MODES",
    "SAME_AS",
    "SEED_ROLE",
    "Attribute",
    "Edge",
    "Graph",
    "Kind",
    "Mode",
    "Node",
    "Part",
    "Port",
    "Returned",
    "Source",
    "TensorSpec",
    "Weight",
]
