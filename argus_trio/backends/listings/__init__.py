"""Room of `backends/listings`."""
