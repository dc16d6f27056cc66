"""What does one call of a model do? Its recording, the graph made of it, and what looks like a mistake in it.

Imports keras_internals of the worker; imported by loading, running, training and describe.
"""
