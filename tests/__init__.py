"""The tests: `tests/` mirrors `argus_trio/`; `tests/e2e` and `tests/servers` stand beside it."""
