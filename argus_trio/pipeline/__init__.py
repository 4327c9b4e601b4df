"""The middleware chain that every call passes between an edge and the router.

- `chain` composes the middlewares once, the first outermost. A `Middleware` is one async callable that is given an
  exchange and `call_next`.
- `rbac` refuses what roles do not allow.
- `authentication` is the stage that says who asks.
- `under_way` enters each call that has come in and is not answered: its record, its count, its end.
- `records` is what is told of calls: the log of requests; `telemetry` is OpenTelemetry, loaded where it is asked for.
- `limits` are `type: rate_limit`.
- `custom` is the user's own; `contained` is what may be raised of what that raises.

`app` builds the chain and puts the router of a generation at its end. A middleware serves the exchange, adds to it or
refuses it with an error of `errors`; it cancels nothing that it did not begin.

What may come in: one file for each middleware, which does one thing and knows no other. The pure decision behind it
belongs to `core`. Imported are `core`, `config`, `net` and what is below them; never `backends` or `frontend`.
"""
