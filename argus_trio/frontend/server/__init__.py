"""What listens and speaks HTTP/1.1 below the application.

    listeners            opens addresses, with TLS or without
    socket_activation    takes sockets that a service manager opened
    serving              takes connections, as many as come and descriptors allow, until the stop and through the drain
    speaking             which HTTP/1.1 is spoken: that of `lean/`, or Hypercorn's
    hypercorn_server     connections and their requests, with Hypercorn's protocol; `hypercorn_frame` is what they share
    ahead                what comes behind a request before its answer
    site                 what all connections share
    request_target       which path a request is for, and which host it means
    transport            one connection's bytes, every wait bounded

It takes any ASGI application and knows none: a request goes in as scope, `receive` and `send`, with one extension that
tells of a disconnect without a task that waits for it.
"""
