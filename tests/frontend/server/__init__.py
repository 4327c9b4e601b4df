"""Tests of `frontend/server`."""
