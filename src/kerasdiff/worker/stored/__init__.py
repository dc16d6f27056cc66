"""How does a model become a file that can be asked, and such a file a model again?

A call is kept as the TensorFlow graph it was traced to. Imports loading, tracing and running; imported by the server.
"""
