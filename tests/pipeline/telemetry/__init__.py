"""Tests of argus_trio.pipeline.telemetry."""
