"""What listens and speaks HTTP/1.1 below the application.

    listeners            opens addresses, with TLS or without
    socket_activation    takes sockets that a service manager opened
    serving              takes connections, as many as come and descriptors allow, until the stop and through the drain
    hypercorn_server     connections and their requests
    ahead                what comes behind a request before its answer
    site                 what they share; these two files are all that know Hypercorn
    request_target       which path a request is for, and which host it means
    transport            one connection's bytes, every wait bounded

It takes any ASGI application and knows none: a request goes in as scope, `receive` and `send`, with one extension that
tells of a disconnect without a task that waits for it (`http/receive_queue`). Another server would stand beside
`hypercorn_server` and be chosen in `frontend/app.py`.
"""
