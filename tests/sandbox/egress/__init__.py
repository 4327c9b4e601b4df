"""Tests of argus_trio.sandbox.egress."""
