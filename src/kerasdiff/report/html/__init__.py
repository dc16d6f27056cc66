"""How does a comparison look in a browser? One file that holds all it needs and asks no network.

Imported by cli and api, late, and each kind of page from its module: what one of them takes to import is what a command
spends that has nothing else to do.
"""
