"""Under which Python does a side run, and can it? Its own where somebody names one, else that of this process.

Imports errors and the targets of the side; imported by whoever reads what a user named, and by the doctor.
"""
