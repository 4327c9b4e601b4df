"""Tests of `backends/connection`."""
