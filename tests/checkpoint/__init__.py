"""Checkpoints: a generator of small real ones, whole and broken, and the tests over them."""
