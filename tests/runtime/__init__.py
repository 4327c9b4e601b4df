"""Tests of argus_trio.runtime."""
