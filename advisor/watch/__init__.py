"""The daemon: watches workspaces and keeps advice beside the files that it is about."""
