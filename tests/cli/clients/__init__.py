"""Tests of `cli/clients`, and of `argus-trio client` as a user types it."""
