"""The client's side of the network, and pipes: bytes to other programs and back. It knows HTTP, and nothing of MCP.

- `http_client.py` is one HTTP server to talk to: address, headers of every request, redirects within its origin, and a
  pool of connections; `cookies.py` keeps what it sets, `content_coding.py` decodes what it compressed unasked.
- `pool.py` reuses connections of `http1.py`; `dial.py` opens them along a route: TCP, proxy, TLS; plain ones are read
  and written by `sockets/`.
- `proxies.py` reads the proxies of the environment, which `http_client.py` asks for.
- `origin.py` takes a URL apart; `refusal.py` says where a server redirects, or why it refused, without a secret.
- `reconnect.py` says when an event stream that ended is opened again; it opens none itself.
- `line_writer.py` puts whole lines onto a pipe, `pipe_reader.py` takes bytes off one.
- `service_nursery.py` runs tasks that serve a block and end with it; `ending/` bounds all that a stop waits for.

Whoever calls a remote server comes through here: the links to backends, and the bridge.
Everything that fails raises `LinkFailed`. What belongs to the protocol (sessions, methods, eras) may not come in; of
`wire/` only the names of headers may, and HTTP/1.1 as bytes.
"""
