"""Tests of argus_trio.core.access.conditions."""
