"""Which private parts of Keras 2 answer what :mod:`..third` answers for Keras 3?

Imports generations; imported by the room alone, by name, where Keras 2 is in effect: ``tf_keras`` beside
Keras 3, or the ``keras`` of TensorFlow 2.13 to 2.15. The source is the same but for the name of the package. A module
has the functions of its namesake there, and a function says only in what it differs from its own.
"""
