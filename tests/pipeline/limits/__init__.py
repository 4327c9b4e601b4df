"""Tests of argus_trio.pipeline.limits."""
