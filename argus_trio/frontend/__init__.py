"""The side that is called: HTTP, sessions, event streams, and the management API.

    app                 puts everything together and serves until the stop
    application         which path is answered by whom, after the check of Host and Origin
    edges/              one for each transport and era: what an MCP message on it means
    sessions/           legacy clients: their calls, their requests, streams that can be resumed
    input_required/     modern clients that are asked: calls that outlive their POST
    manage/             the management API, values to bodies
    server/             sockets, TLS and HTTP/1.1 below the application
    http/               one HTTP request and the ways to answer it
    notifications/      changes that are announced, and the queues they wait in
    admission           who comes, asked before anything else
    gateway, identity, outcome
                        the seam to what is behind, who the gateway is, and how a call ends

`edges` and `manage` stand on `sessions` and `input_required`, all of them on `http`; of those side by side none knows
another. What serves a call is behind `gateway` and known to nobody here: it comes in as a value, from the composition
root. A new transport is a file in `edges/`.
"""
