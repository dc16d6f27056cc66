"""What does each command do? One module a command: its arguments, one call, its report.

Imports the options and reports beside it, and what answers; imported by the command line itself alone.
"""
