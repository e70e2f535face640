"""What is on disk in a checkpoint directory: metadata, headers and chat template; never a weight."""
