"""Do two Keras models behave the same, and if not, where, why, and how much does it matter?

The command line is :mod:`kerasdiff.cli`. From Python, :func:`kerasdiff.pipeline.compare`, ``fit``, ``inspect`` and
``replay`` answer with the records that the reports are made of. Imports nothing, so that ``--help`` is instant.
"""

__version__ = "0.1.0"
