"""Room of `backends/routing`."""
