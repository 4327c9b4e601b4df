"""Room of `core/catalog`."""
