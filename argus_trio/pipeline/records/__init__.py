"""What is told of calls: the log of requests, and the words that telemetry shares with it.

What they read is the record that each exchange is given by `pipeline/under_way.py`.

- `request_log` is `type: logging`: one event for each request.
- `outcomes` says how an exchange ended; `excerpt` shows arguments and results, without secrets.

What may come in: what describes a call that has ended. What decides about a call has a stage of its own; what is known
of a call is written down where it becomes known, in `backends` and `frontend`.
"""
