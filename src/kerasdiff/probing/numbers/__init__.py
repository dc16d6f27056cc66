"""Are two numbers the same? Closeness, rounding that a model amplifies, and in which precision that is decided."""
