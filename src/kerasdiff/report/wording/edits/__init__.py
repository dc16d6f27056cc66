"""What does an edit say? Its sentence, the settings it changes, and in what two values of one differ.

Imports the names of wording; imported by the other rooms of wording and by report.
"""
