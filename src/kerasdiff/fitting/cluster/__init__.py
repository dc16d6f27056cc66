"""How does a fit outgrow this machine? Its trial pairs as tasks of a Ray cluster, which schedules them.

Imports fit, options, side, data and errors, and alone imports Ray, where it is asked for; imported by pipeline.
"""
