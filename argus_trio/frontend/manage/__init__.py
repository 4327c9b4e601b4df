"""The management API under `/manage/v1/`: one file for each group of paths.

    health      whether the gateway works, and whether traffic should come
    backends    how each backend stands
    reload      reads the configuration again, and reports

Each turns values of `core/` into the body of an answer; the values come from the gateway, at the moment of the request.
The application routes to it. Nothing here changes what is served, save that `reload` asks for it. A new group of paths
is a new file, and a line in the application's table.
"""
