"""A conversation with one backend over one link, from the handshake to its end.

`open.py` enters a link, performs the handshake (`handshake.py`: era, revision, capabilities; `start_watch.py` tells a
program that works from a silent one) and yields a `Connection`.
`connection.py` performs calls and requests of the gateway's own; `outgoing_request.py` puts each into the words of the
backend's era, `in_flight.py` knows the calls that wait for their answers. That nobody waits for one any more a backend
is told at once, or by `notification_queue.py` once it takes that.

What the backend says on its own comes to `inbound.py`, on the link's reader, and goes on from there without a wait:

- notifications of a call, and those to the session that owns the connection, by `notification_queue.py`; how a task
  stands, by `task_notifications.py`;
- requests of a legacy backend, to `server_requests.py`; the progress that a client reports on one, to
  `ask_progress.py`;
- changes of lists, updates of resources and ends of tasks, to the `BackendListener` that the connection is opened for.

`input_required.py` has the rounds in which a modern backend asks the client, `running_tasks.py` the tasks that were
begun here and may still run.

A connection neither opens its link again nor decides what its end means: that is the business of `connectivity`. It may
use `links`; `listings`, `subscriptions` and all above them may use it, and nothing here knows them.
"""
