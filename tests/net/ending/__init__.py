"""Tests of `net/ending`."""
