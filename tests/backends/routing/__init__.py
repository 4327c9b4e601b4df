"""Tests of `backends/routing`."""
