"""Tests of the contract of the management API."""
