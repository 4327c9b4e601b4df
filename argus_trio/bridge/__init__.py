"""`argus-trio stdio`: a client's pipes on one side, a running gateway's `/mcp` on the other. A program of its own.

- `run.py` joins the parts, and runs until stdin ends or a signal comes; `pipes.py` reads the client's lines and
  writes to it.
- `bridge.py` gives each line to the side of its era, and knows which requests are open (`open_request.py`).
- `modern.py` posts each message by itself, with the headers that stdio does not have.
- `legacy.py` opens the session, and opens it again when it is lost: `gateway_session.py` is what was agreed,
  `wished_settings.py` what the client asked of it, `standalone_stream.py` the stream for what belongs to no request.
- `defaults.py` is what holds where the command says nothing.
- `gateway_wait.py` tries again what found no gateway there, and decides when that is given up.
- `carrier.py` is the HTTP below both: a message out, and what comes back, message by message.

Bytes pass as they came. Nothing of the gateway runs here, so nothing of `backends`, `frontend` or `runtime` may come
in: only `net`, `wire` and `errors`. What is decided about a message is decided by the gateway.
"""
