"""What has a repository written down that its models must be? The pairs of `[tool.kerasdiff]`, read and checked.

Imports comparison and options; imported by report, checking and cli. Runs no model and reads no file but the one.
"""
