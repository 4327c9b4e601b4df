"""Small MCP servers for the tests and the benchmark, for what no published server does. Each is run as a script."""
