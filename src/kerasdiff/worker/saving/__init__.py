"""What does a model store, and what does it take from a file? Its own saved weights, another's, and those to convert.

Imports the loading and tracing of the worker; imported by what freezes models and by the server, by the table of
requests. All of it works on one more copy of the model, so that whatever Keras loads where disturbs no other request.
"""
