"""In which environment would a model run after an upgrade? One is made from what a user asks for, kept, and used again.

Imports the interpreters and what reads targets; imported by the commands and by the check of gates.
"""
