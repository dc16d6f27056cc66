"""The rungs: each takes what the sides answered and gives one piece of evidence."""
