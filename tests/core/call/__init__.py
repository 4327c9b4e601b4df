"""Tests of `core/call`."""
