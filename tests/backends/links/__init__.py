"""Tests of `backends/links`."""
