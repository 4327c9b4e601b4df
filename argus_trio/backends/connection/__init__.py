"""Room of `backends/connection`."""
