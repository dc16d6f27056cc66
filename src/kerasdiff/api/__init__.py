"""How is kerasdiff asked from Python? One function a question, one result.

It imports the pipeline and the report, as the command line beside it does; :mod:`kerasdiff` gives out its names.
"""
