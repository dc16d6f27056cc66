"""How is a model asked, and what does it answer? Protocol, table of requests, records, worker process.

Imports errors, graph and findings; imported by every package above, and by the worker for the records.
"""
