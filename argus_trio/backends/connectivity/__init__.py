"""Who is connected to one backend, and how that is kept up.

`shared_connection.py` keeps up the one connection that clients share: connect, handshake, list, stay connected, and
begin again when it is lost. `start_turns.py` says whose turn it is to start and how long that may take, `known_eras.py`
what backends turned out to be at earlier starts; `recovery.py` knows how the backend stands and when the next attempt
is due; `health_monitor.py` probes a connection while nothing else is heard on it.

Where `core/call/session_policy.py` says that a client needs a connection of its own, `client_connections.py` opens one,
or finds it in `client_connection_table.py`, which says how many of them one client may use. `client_connection.py` is
one of them, from the first need to its close; `connection_subscriptions.py` has the resources that it is asked to send
updates of, `lost_subscriptions.py` what sessions had subscribed to on connections that are gone.

`listings_by_abilities.py` holds what the backend lists, to clients that declare nothing and to each set of abilities,
and knows whether roots make a difference to it; `watched_lists.py` says when what is listed is looked at again.

`rivals.py` recognises processes of the backend that end each other, and is the reason to share one from then on.

It uses `connection`, `listings` and `subscriptions`. `scope` puts these parts together for its backend, and performs
the calls of clients over them; nothing here performs a call or knows other backends.
"""
