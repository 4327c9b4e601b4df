"""Tests of `client_files`."""
