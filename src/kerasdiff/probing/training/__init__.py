"""What does one training step of both sides do? Losses, gradients, optimizers, penalties, compile settings.

Imports the prober, draws, numbers, align and side; imported by the observer, rungs and the rest of probing.
"""
