"""Room of `backends/process`."""
