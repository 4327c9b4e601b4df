"""Other gateways whose files declare servers: read as those of clients are.

    hubs             MCP Hub, and MCPProxy with its list of servers: JSON, as dialects like others
    agentgateway     the targets of agentgateway

A file of agentgateway is YAML, which is not read here: whoever calls brings what stands in it as nodes.
What a gateway says of itself, such as where it listens and who may come in, is not taken; what a server in it cannot
have here is told like everything else that is left out.
"""
