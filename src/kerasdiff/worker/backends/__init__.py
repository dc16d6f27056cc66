"""How does a model answer that Keras runs on another backend than TensorFlow? Its structure and its numbers.

Asked by the server alone, as a session of its own. What differs by backend is asked of its engine (:mod:`engine`): JAX
and PyTorch are imported in theirs alone (:mod:`on_jax`, :mod:`on_torch`).
"""
