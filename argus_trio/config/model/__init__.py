"""The configuration as frozen values: one class for each mapping of the file, one field for each key.

- `config` is the whole; `server` the gateway's own side; `backend` one backend by transport;
  `defaults` what the file says for all of them.
- `operation` holds deadlines, probes, restarts and bounds; `visibility` filters and overrides; `naming` how names of
  different backends stay apart.
- `about` makes the metadata of a field: its line in the reference and in the JSON Schema, its bounds, and whether a
  change of it takes a new connection (`part="link"`).

Everything else about a key is made from here: how it is read, its entry in the schema, what a reload has to do. A field
with `repr=False` may hold a secret.

What may come in: classes, defaults and metadata. No parsing, no checks between two values, no I/O.
"""
