"""How does a model answer that Keras runs on another backend than TensorFlow? Its structure and its numbers.

Asked by the server alone, as a session of its own. JAX is imported here, and where a backend's arrays are known
(:mod:`kerasdiff.worker.keras_internals`).
"""
