"""How is a comparison shown to a person at a terminal? Part by part from the terms to the verdict, live before.

Imports wording and the tables of report; imported by cli, api, and by what else writes text with its looks.
"""
