"""Tests of the look at backends."""
