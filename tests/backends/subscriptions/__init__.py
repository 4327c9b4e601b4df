"""Tests of `backends/subscriptions`."""
