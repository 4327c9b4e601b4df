"""Room of `frontend/http`."""
