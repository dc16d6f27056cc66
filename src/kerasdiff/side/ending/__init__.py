"""What is left when a process ends: what did it print last, and what did it start?

Imported by what starts processes: :mod:`kerasdiff.side.process`, :mod:`kerasdiff.side.launching` and the launcher.
"""
