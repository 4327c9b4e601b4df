"""Tests of `frontend/sessions`."""
