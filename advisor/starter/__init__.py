"""A starter config for a checkpoint, from its facts."""
