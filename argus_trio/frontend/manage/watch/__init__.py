"""What has happened and how much: the part of the management API that others look at all the time.

    events      `/events` and `/events/stream`: their pages
    feed        what one event stream is written from: a position in the journal, and no queue
    encoded     events as JSON, each encoded once for all who read it; gaps
    figures     calls by backend and tool, encoded once a second for all who listen
    metrics     `/metrics`: every metric, its name and what it says
    exposition  Prometheus' text format
    process     what the system says of the gateway's own process

Nothing here holds anything for a reader: who is slow falls behind in the ring of `core/journal.py`, and is told of the
gap. Nothing is computed while nobody looks.
"""
