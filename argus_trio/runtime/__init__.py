"""The running gateway as a whole: what changes it, and what its surroundings are told.

- `reload` is the reload supervisor: one reload at a time, and a report to each who asked.
- `candidate` reads and checks the configuration that a reload would apply.
- `follow` asks for a reload when the file changes; `watch` waits for such a change and is the one file that knows
  watchfiles.
- `allocator` has memory that is free given back to the system.
- `notify` tells the service manager (sd_notify) that the gateway is ready, reloading or stopping; `status` makes the
  line that says how it stands.

`follow` imports `reload`, which imports `candidate`; `status` imports `notify`. `app` joins them with the front end and
the backends, and runs their tasks.

What may come in: what concerns the process as a whole. Serving clients belongs to `frontend`, calling servers to
`backends`; neither imports anything from here.
"""
