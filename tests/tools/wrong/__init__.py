"""Which wrong and hostile inputs are there? One row each; ``tests/tools/wrong_inputs.py`` runs them.

Imported by that tool alone. One module a kind of input: what a command line says, what is at the end of a path, what a
script does when it is run, what a saved file holds, where a report is to go.
"""
