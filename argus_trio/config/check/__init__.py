"""Room of `config/check`."""
