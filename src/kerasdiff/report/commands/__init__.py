"""How is shown what the other commands find? One module a command: as a table to read, and as JSON to a script.

Imports the looks of report/terminal and wording; imported by cli, by api, and by the pages that list what was checked.
"""
