"""Are the nodes that differ the same once they are expanded into their TF ops?

Imports isomorphism, labels, pairing and canonical; imported by align alone.
"""
