"""Shared by the tests of `pipeline`."""
