"""The tests of `argus_trio/config/`."""
