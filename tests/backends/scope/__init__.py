"""Tests of `backends/scope`."""
