"""What is left when a process ends: what did it print last, and what did it start?

Whatever starts processes may import it: :mod:`kerasdiff.side.process`, :mod:`kerasdiff.side.launching`, the launcher.
"""
