"""How one backend stands: its states, what moves it between them, and the figures that are reported.

- `lifecycle` holds the states and the table of transitions.
- `probing` judges whether a connection lives, by what is heard of it and by how it answers probes.
- `activity` tells a program that is at work before it answers from a silent one.
- `breaker` says when a lost backend is tried again: with `backoff`, and rarely once it has failed too often.
- `forgotten` has the words by which servers say that they have forgotten a client; `retry_after` how long they want to
  be left alone.
- `repetition` says when what happens again and again is worth a line of the log.
- `flapping` notices a backend that comes back too often; `occupancy` measures how long serving takes.
- `rivalry` recognises processes of one backend that end each other.
- `broken_cache` knows the words of package runners whose cache is broken, and the way out.
- `health` holds the values that the management API and the service manager are given.

`breaker` imports `backoff`, `health` imports `lifecycle`; the others stand alone. `backends/connectivity` runs
them, and the bulkhead in `backends/scope` runs `occupancy`: those have the clock and the connection, tell them what
happened and when, and do what they answer.

What may come in: decisions about one backend's health, as functions of events and times. Sending probes, waiting and
logging belong to `backends`.
"""
