"""Tests of argus_trio.pipeline.authentication."""
