"""Tests of `config/check`."""
