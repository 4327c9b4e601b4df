"""Text to frozen values: the configuration file, its problems and its schema."""
