"""How is a file of gates checked? Many pairs at once, each as one comparison, and none of them stops the others.

Imports the pipeline and gates; imported by cli.
"""
