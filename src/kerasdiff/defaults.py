"""What is taken where nothing is said: for help texts and signatures, made before anything else is imported."""

SEEDS = 3
EPOCHS = 5
"""A few minutes for the forum's network on all of CIFAR-10; three pairs are the fewest an interval is of use with."""
