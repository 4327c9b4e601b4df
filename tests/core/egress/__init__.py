"""Tests of argus_trio.core.egress."""
