"""The wire formats, sans I/O: JSON-RPC envelopes, lines, event streams, revisions, headers. No trio, no sockets."""
