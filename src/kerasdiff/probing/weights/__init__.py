"""Which weights correspond, and how do both sides get the same values? Pairing, joining, transposing, transfer."""
