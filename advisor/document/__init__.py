"""YAML text with an exact span for every key and value."""
