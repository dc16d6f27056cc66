"""How is kerasdiff asked from Python? One function a question, one result.

Above the pipeline, beside the command line, which asks the same; :mod:`kerasdiff` gives out its names.
"""
