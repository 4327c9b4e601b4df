"""Tests of what the management API tells of what happens."""
