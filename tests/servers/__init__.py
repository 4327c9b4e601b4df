"""Servers that misbehave on purpose, and helpers to run real ones."""
