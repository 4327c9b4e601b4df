"""Tests of argus_trio.pipeline.records."""
