"""The way of a verb to the gateway: where it is, who asks, requests, and event streams. Synchronous, of this process
alone.

    where        which gateway is meant: the option, $ARGUS_URL, a socket of the same user, the usual address
    token        the token, out of a file or $ARGUS_TOKEN
    connection   one connection: TCP, TLS, a proxy, or a Unix socket
    client       a request and its answer, decoded by the contract; what is said where there is none
    problems     a problem of the gateway as what a person is told, with its exit code
    pages        a long list as a whole
    stream       the events of one answer, and following them over restarts of the gateway
    pump         the same read by a thread, for a call that asks its user meanwhile

Nothing here writes to the terminal.
"""
