"""What does a model do? A graph of call events as plain data, and what is known of the ops in it.

Imports nothing of kerasdiff but its errors; everyone may import it.
"""

from kerasdiff.graph.model import (
    FUSED,
    MODES,
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
    plain,
    to_json,
)

__all__ = [
    "FUSED",
    "MODES",
    "SEED_ROLE",
    "Attribute",
    "Edge",
    "Graph",
    "Kind",
    "Mode",
    "Node",
    "Part",
    "Port",
    "Source",
    "TensorSpec",
    "Weight",
    "plain",
    "to_json",
]
