"""Room of `core/call`."""
