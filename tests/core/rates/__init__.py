"""Tests of argus_trio.core.rates."""
