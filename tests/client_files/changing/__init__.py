"""Tests of `client_files/changing`."""
