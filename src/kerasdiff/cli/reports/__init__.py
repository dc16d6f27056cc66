"""Where does a report go and how does it look? Forms, pages for a browser, width and colours.

Imports report, late, and the shared options; imported by commands.
"""
