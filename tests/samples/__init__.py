"""Tests of the sample servers."""
