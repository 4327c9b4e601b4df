"""Tests of `sandbox/shim`."""
