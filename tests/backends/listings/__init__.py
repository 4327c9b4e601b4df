"""Tests of `backends/listings`."""
