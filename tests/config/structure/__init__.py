"""Tests of `config/structure`."""
