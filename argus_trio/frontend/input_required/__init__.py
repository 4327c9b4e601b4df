"""Room of `frontend/input_required`."""
