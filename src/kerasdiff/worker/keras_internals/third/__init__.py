"""What answers by private parts of Keras 3, where Keras 2 has others for the same?

Imports generations and arrays; imported by the room alone, which asks it where Keras 3 is in effect. What
:mod:`..second` answers too has its meaning from here.
"""
