"""Where each request of a client goes, and in which words it gets there.

`router.py` is the end of the pipeline: it serves lists from the catalog and sends everything else to a backend, which
`directory.py` finds by a name and `resources.py` by a URI: there several may have to be asked. `completion.py` and
`extensions.py` serve methods that lead to a backend in ways of their own; `params.py` reads the params of a call.

`era_translation.py` calls a backend that may be of another era than the client. `tasks.py` serves the methods of tasks
and knows each task's owner; `task_exchange.py` replaces the ids of tasks on their way to and from a client.

`resource_watch.py` and `task_watch.py` serve the listen streams of modern clients: updates of resources and statuses of
tasks. `identity.py` merges what the backends say of themselves into what the gateway says of itself.

It uses the supervisor, the generations and their scopes, and opens no connection itself. The composition root hands it
to the generations as their handler, and to the front end; nothing else in `backends` imports it.
"""
