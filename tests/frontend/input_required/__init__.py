"""Tests of `frontend/input_required`."""
