"""Which private parts of Keras 3 does kerasdiff use? These, and no other module names one.

Imports generations; imported by the room alone, which asks it where Keras 3 is in effect. What :mod:`..second` answers
too has its meaning from here.
"""
