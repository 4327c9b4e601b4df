"""Tests of `core/catalog`."""
