"""One HTTP request, the ways to answer it, and what is checked before it means anything.

    request            the request, and plain answers to it
    receive_queue      its body and its client's going, on their way from the connection
    body               the whole body, within its bounds
    negotiation        media types: what is accepted, what was sent
    header_names       the headers that the edges read and write
    host_origin, cors  which web pages may come in, and what their browser is told
    reply              the answer to a POST: JSON, or an event stream once it takes long
    event_stream       a long-lived answer written from a queue
    keep_alive         signs of life on silent answers
    errors             what a request is turned away with
    limits, served_settings
                       the bounds and settings that are in force

MCP's messages are not known here, only how their bytes travel.
"""
