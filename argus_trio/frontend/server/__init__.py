"""What listens and speaks HTTP/1.1 below the application.

    listeners            opens addresses, with TLS or without
    socket_activation    takes sockets that a service manager opened
    accepting            takes connections, as many as come, and goes on where descriptors run out
    hypercorn_server     the site: connections from their beginning to their end, and the drain
    http1                the protocol and the requests of one connection, by Hypercorn
    request_target       which path a request is for, and which host it means
    transport            one connection's bytes, every wait bounded

It takes any ASGI application and knows none: a request goes in as scope, `receive` and `send`, with one extension that
tells of a disconnect without a task that waits for it (`http/receive_queue`). Another server would stand beside
`hypercorn_server` and be chosen in `frontend/app.py`.
"""
