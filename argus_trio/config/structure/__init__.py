"""Room of `config/structure`."""
