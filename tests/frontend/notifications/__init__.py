"""Tests of `frontend/notifications`."""
