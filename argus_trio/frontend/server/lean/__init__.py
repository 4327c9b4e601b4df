"""HTTP/1.1 with clients as the gateway itself speaks it, at a fraction of what a general server costs.

    connection      one client's connection, and its requests one after the other
    exchange        one request and its answer: the application's `receive` and `send`
    departures      tells of clients that go while they are served
    patience        ends what waits too long, one task for all connections
    behind          reads what comes behind a request that takes long

A request is served in the task of its connection. The formats are in `wire/http1`, the bytes in `server/transport`.
"""
