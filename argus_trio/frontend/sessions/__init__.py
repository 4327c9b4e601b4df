"""Room of `frontend/sessions`."""
