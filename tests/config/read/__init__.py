"""Tests of `config/read`."""
