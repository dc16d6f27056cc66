"""How do both sides come to draw the same random numbers, and what if they cannot? Common draws, or samples."""
