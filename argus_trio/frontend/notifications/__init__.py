"""Room of `frontend/notifications`."""
