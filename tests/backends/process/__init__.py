"""Tests of `backends/process`."""
