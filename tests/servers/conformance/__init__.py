"""The server that the official conformance suite asks for, with the names it fixes, on the MCP SDK, in both eras."""
