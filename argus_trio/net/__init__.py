"""Room of `net`."""
