"""Tests of `argus_trio/backends/connectivity`."""
