"""Decisions, sans I/O: every function takes what it needs, `now` included, and returns a value."""
