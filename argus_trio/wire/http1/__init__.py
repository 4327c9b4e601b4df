"""HTTP/1.1 as bytes (RFC 9112): what comes in is taken apart here, for the side that is called and the side that calls.

- `request_head` reads what a client asks with, `repeated_head` what it asks with again and again; `answer_head` reads
  what a server answers with.
- `counted` takes a body of a known length out of what comes, `chunked` one that comes in chunks.
- `field_lines` is the careful way to read headers, and trailers: any line end, and folded lines.
- `written_head` writes the head of an answer.
- `fault` is what none of them accepts.

They are at least as strict as h11, which is asked about each of them in the tests; what is bounded is bounded by who
feeds them.
"""
