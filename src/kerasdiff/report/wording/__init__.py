"""How is a fact put into words? The one place where findings, edits and verdicts become sentences.

Imports the records it speaks of; imported by report, cli and pytest alone. Nothing it makes is ever read back.
"""
