"""What is the answer in few words? The cause, where it shows, and the smallest change that would make both agree.

Imports edits, findings and fits; imported by report.
"""
