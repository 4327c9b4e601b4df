"""Tests of `sandbox/container`."""
