"""The side that is called: HTTP, sessions, event streams, health."""
