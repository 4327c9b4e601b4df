"""Tests of `frontend/edges`."""
