"""HTTP/1.1 as bytes (RFC 9112): what comes in is taken apart here, for the side that is called and the side that calls.

- `request_head` reads what a client asks with, `answer_head` what a server answers with.
- `request_writer` writes what is asked of a server, checked as it goes.
- `chunked` takes a body in chunks apart.
- `field_lines` is the careful way to read headers, and trailers: any line end, and folded lines.
- `fault` is what none of them accepts.

They are as strict as h11, which is asked about each of them in the tests; what is bounded is bounded by who feeds them.
"""
