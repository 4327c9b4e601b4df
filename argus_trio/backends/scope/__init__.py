"""Room of `backends/scope`."""
