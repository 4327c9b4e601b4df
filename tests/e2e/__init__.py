"""The whole gateway as a process, real servers behind it, real clients in front of it."""
