"""The way of a verb to the gateway: where it is, who asks, requests, and event streams. Synchronous, of this process
alone.

    connection   one connection: TCP, TLS, a proxy, or a Unix socket
    client       a request and its answer, decoded by the contract; what is said where there is none
    pages        a long list as a whole
    stream       the events of one answer, and following them over restarts of the gateway
    pump         the same read by a thread, for a call that asks its user meanwhile

Which gateway that is, and who asks, stands in `manage_client`.
Nothing here writes to the terminal.
"""
