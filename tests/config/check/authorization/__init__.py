"""Tests of `config/check/authorization`."""
