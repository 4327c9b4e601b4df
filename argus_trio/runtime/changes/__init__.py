"""What changes the running gateway: one change at a time, each in a task of the gateway's own.

- `turns` is the queue: changes are made in the order in which they are asked for.
- `in_effect` is what they change: the file's configuration, and what operators hold; `holds` says how long, and what
  comes of both together.
- `reload` reads the file again, `candidate` makes of it what could take effect, `tell_reload` tells how it went.
- `backend_changes` restarts, drains, enables and disables single backends.
- `file_difference` says where the file on disk differs from what is in effect.
- `check_config` checks a configuration that does not take effect.
- `gateway_control` joins them to the `Control` of the management API.
"""
