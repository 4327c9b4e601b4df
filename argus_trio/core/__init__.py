"""Decisions without I/O: every function is given what it needs, `now` included, and returns a value.

Nothing here waits, logs, reads a clock or knows a transport, so that each decision is tested as a table of values.
Three rooms stand side by side, on `access`, and import nothing of each other:

- `call`: one request of a client on its way: who asks, what the client can be asked, which tasks run for it;
- `catalog`: what all backends show together: names, routes, pages, the gateway's identity, when to list again;
- `health`: how one backend stands: states, probes, backoff and circuit breaker, and the figures that are reported.

`rates` stands on `call`: how often something may happen, and whose bucket a call is charged to. `inventory` stands on
`catalog`: everything that backends list, with what is hidden and why. `egress` has what containers tried to reach.

Others belong to none of them:

- `journal` holds what has happened, by the words of `stages`; `figures` how often calls were made, and how long;
- `open_exchanges`, `backend_log` and `control` are what operators see besides, and decide;
- `groups` looks into groups of exceptions; `log_level` is that of the log, which can be changed;
- `memory` accounts for what is held for clients, and says what goes when it is too much;
- `redaction` takes known secrets out of texts;
- `refusals` says which refusal at a bound is told in the log;
- `reload_report` is the value that tells what became of a reload.

What may come in: values and pure decisions that the front end and the backends both need. They meet here only:
`frontend` and `backends` exchange these values and never see each other. Imported are `wire` and `errors` alone.
"""
