"""The two small MCP servers that `argus-trio demo` puts behind the gateway."""
