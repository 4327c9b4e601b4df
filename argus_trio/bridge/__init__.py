"""The bridge of `argus-trio stdio`: a client that speaks stdio only, and a running gateway; no gateway of its own."""
