"""Room of `frontend/edges`."""
