"""Tests of `frontend/http`."""
