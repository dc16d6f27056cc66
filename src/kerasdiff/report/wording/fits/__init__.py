"""What is said of a fit? Its data and trouble, its trials one by one, and what its plots show.

Imports the names of wording; imported by the other rooms of wording and by report.
"""
