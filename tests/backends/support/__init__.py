"""Tests of `backends/support`."""
