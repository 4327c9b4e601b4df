"""Updates of resources from one backend: asked for once per connection, delivered to all who subscribed.

`table.py` knows who subscribed to which URI. `hub.py` has a connection send the updates that somebody wants, in the way
of its era: by `resources/subscribe` at a legacy backend, by a listen stream at a modern one; whoever wants the same
resource has the same answer. `declared.py` says what a backend is not asked for, as it does not declare to have it.
`listen_stream.py` keeps up that stream, one `subscriptions/listen` per connection, which also carries changes of lists
and task statuses.

There is one hub for the shared connection and one for each connection of a single client; those who have them are in
`connectivity`. What the backend then sends comes in through `connection/inbound.py` to the owner of the connection,
who hands it to the table.

It uses `connection`. Subscribers are keys with a function to deliver to: nothing here knows clients, or which of the
connections of a backend is whose.
"""
