"""Links: a transport to one backend, of each kind. Whole messages out and in, and answers matched to requests.

- `link.py` says what a link is and to whom it hands what a backend says on its own; `open.py` opens the right one.
- `stdio.py` speaks over a program's streams (`peer.py`), one message a line; `stderr.py` holds what it writes to
  stderr, and `stderr_excerpt.py` both ends of that, which explain its end.
- `streamable_http.py` posts each message, resumes streams and listens; `http_sse.py` is the older transport.
- `hearing.py` is what all of them do with what comes in: the bound on one message, and what is made of odd ones.
- `intake.py` is the account of what is being read of all of them, and who waits with reading on.
- `pending.py` is the table of requests in flight on a duplex link; `life.py` whether an HTTP link lives, and what
  ended it; `endpoint.py` what to try where nothing of the transport is at the address.

A link is opened and closed by one task, that of its connection. It knows nothing of methods, eras or
names: what belongs to them stands in `backends/connection`. Below it are `backends/process`, which gives the stdio link
its streams, and `net`. A new transport is one file here and one case in `open.py`.
"""
