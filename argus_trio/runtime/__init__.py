"""The running gateway as a whole: what changes it, and what its surroundings are told.

- `changes` is the room of what changes it: reloads, and what operators ask for, one at a time.
- `stopping` is its stop, which a signal or an operator begins; `signals` is what signals ask for.
- `follow` asks for a reload when the file changes; `watch` waits for such a change, `folder_news` is the kernel's word
  that there may be one.
- `pipelines` keeps alive what middleware holds, over reloads.
- `allocator` has memory that is free given back to the system; `garbage` has Python look for cycles seldom.
- `notify` tells the service manager (sd_notify) that the gateway is ready, reloading or stopping; `status` makes the
  line that says how it stands.

`follow` and `signals` import `changes`, which imports `pipelines` and `stopping`; `status` and that import `notify`.
`app` joins them with the front end and the backends, and runs their tasks.

What may come in: what concerns the process as a whole. Serving clients belongs to `frontend`, calling servers to
`backends`; neither imports anything from here.
"""
