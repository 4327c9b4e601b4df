"""The formats on the wire, without I/O: bytes to values and back. No trio, no sockets, no decisions.

- `envelope` is the base: JSON-RPC messages, decoded one level deep, with every value below left as it was written.
- `members` reads one member of such an object as one type, and a client's messages, in which null may mean absent;
  `error_objects` reads JSON-RPC errors.
- `lines` and `event_stream` cut byte streams into messages; `http_bodies` reads the messages of an HTTP answer.
- `readings` reads what is no message as it stands, as far as it can mean one thing; `outline` tells whose answer it is
  where only the two ends of a message are known.
- `headers` holds the names and the encoding of MCP's HTTP headers, `param_headers` those that a tool's schema asks for;
  `request_meta` spells the reserved `_meta` keys.
- `results` turns a result from one era's words into the other's; `revisions` is the table of protocol revisions.
- `passing` is what has to be known of bytes that are only handed on; `http1` is HTTP/1.1 as bytes.

`envelope` imports nothing of the package but `errors` and `passing`; most others import `envelope`, and none imports a
layer above.

What may come in: a format that a specification defines. Who is asked, what is allowed and how long anything lasts is
decided in `core` and above.
"""
