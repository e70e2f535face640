"""The language server: a front that speaks the protocol, and an engine process that it can lose without dying."""
