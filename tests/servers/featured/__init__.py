"""A server that offers each feature of the protocol once, on the MCP SDK and trio, in either era, on any transport."""
