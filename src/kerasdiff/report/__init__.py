"""How is a comparison shown? To a person at a terminal, as JSON to a script; nothing here computes or judges.

Imports the records of every step below; imported by cli alone.
"""
