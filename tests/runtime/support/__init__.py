"""Shared by the tests of `runtime`."""
