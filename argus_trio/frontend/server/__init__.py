"""Room of `frontend/server`."""
