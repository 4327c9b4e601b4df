"""Tests of the front end: its parts on their own, and the whole through real sockets."""
