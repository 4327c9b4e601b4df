"""Tests of `frontend/support`."""
