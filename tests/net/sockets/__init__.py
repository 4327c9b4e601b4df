"""Tests of `net.sockets`."""
