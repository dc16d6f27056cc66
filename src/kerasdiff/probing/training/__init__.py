"""What does one training step of both sides do? Losses, gradients, optimizers, penalties, compile settings."""
