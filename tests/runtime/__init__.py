"""Tests of what changes the running whole."""
