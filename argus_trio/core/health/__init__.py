"""Room of `core/health`."""
