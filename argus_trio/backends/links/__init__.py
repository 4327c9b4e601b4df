"""Room of `backends/links`."""
