"""Tests of argus_trio.wire.passing."""
