"""Tests of `contract/`."""
