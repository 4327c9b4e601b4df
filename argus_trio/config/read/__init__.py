"""Room of `config/read`."""
