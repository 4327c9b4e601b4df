"""Tests of argus_trio.sandbox.image.making."""
