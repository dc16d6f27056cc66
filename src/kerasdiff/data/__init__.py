"""What does a fit train on? Plain arrays, read, drawn or downloaded, with numpy and the standard library alone.

Imports errors and side; imported by the training of the worker and by cli.
"""
