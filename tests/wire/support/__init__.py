"""Shared by the tests of `wire`, and by those that send what it reads."""
