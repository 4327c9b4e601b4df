"""Tests of `argus_trio/config/model`."""
