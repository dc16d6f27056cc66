"""What does a target say before it is run? What is wrong with it for certain, in the words the worker uses as well.

Imports errors, the targets of `side` and the standard library alone, so that an answer takes a moment; imported by cli,
which asks before any process is started, and by the worker for the sentences.
"""
