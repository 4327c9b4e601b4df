"""Whether a configuration that could be read makes sense: its values together, and the files that it names.

- `check` judges the server's side, names and prefixes, and calls `check_backend` for each backend; both do no I/O.
- `admission/` judges who comes in: clients by `type: authentication`, operators by `server.management`.
- `check_operation` judges deadlines, waits and probes, with `defaults` in them.
- `check_files` looks at the file system: files, folders, and with `certificate` whether the gateway's certificate can
  be loaded, in the same way as when it takes effect.
- `check_commands` looks for the programs of stdio backends, `check_inherited` for variables that do not reach them.
- `check_variables` looks for variables of the original Argus that nobody reads.
- `isolation/` judges the containers of stdio backends, and looks for what they mount.
- `authorization/` judges roles, rules and views, and explains what a principal may do.
- `listen_address` reads HOST:PORT; `loopback` says whether an address can be reached from elsewhere, for `config/file`
  and socket activation as well.
- `report` renders the problems and warnings of a configuration for people.

Each check reports into `Findings` by key path, and stays silent about what rests on a value already reported. A problem
keeps the configuration from being used; a warning is told and nothing more.

What may come in: judgements on values that have their types. A value of the wrong type never gets here: `structure/`
has reported it and left it out.
"""
