"""Tests of `config/check/admission`."""
