"""Data to train on, as plain arrays: found, read, drawn or downloaded, with numpy and the standard library alone."""
