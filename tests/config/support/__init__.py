"""Tests of `config/support`."""
