"""Tests of argus_trio.sandbox.engine."""
