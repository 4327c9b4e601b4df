"""The files in which AI clients keep their MCP servers: read, and given the one entry that leads to the gateway.

    kinds        the clients: where their files are, how they write a server
    jsonc        JSON with comments, each value with its place
    server       a server as a file declares it, in words that all clients share
    reading      from the text of a file to the servers in it
    changing     the entry that leads to the gateway: what it is, put in, taken out
    dialects     how each client writes its file
    gateways     how other gateways do
    places       every known file that is there
    opening      a file, bounded, with what is said of its servers elsewhere
    switches     which servers of a project Claude Code's settings switch off
    recognising  whose a file is, and which project it belongs to
    leading      whether a server is the gateway itself

Nothing of the gateway is known here but its address. What becomes of the servers is `argus_trio/importing`.
"""
