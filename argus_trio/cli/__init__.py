"""The command `argus-trio`: its arguments, and which part of the package runs what.

    main         from the arguments to an exit code
    arguments/   the arguments of all commands; loads nothing else, for help and completion have to be there at once
    gateway      serve and demo: here the gateway is loaded
    file         check, explain and schema
    importing    import; `imported/` finds the files, and writes the configuration and its env file
    client       client; `clients/` finds the gateway's address for it
    doctor       doctor; `findings` writes what it found, `tried` is the gateway that it starts
    dashboard    tui
    images/      build and clean
    isolated/    isolation: the plans of a file, by the engine of this machine
    bridge       stdio
    logged       the log of a command; `report` how one complains that loads the gateway
    completion   scripts for shells

Exit codes: 0 done, 1 a problem that the message names (of `explain`: it is denied), 2 wrong usage; those of the verbs
stand in `argus_trio/manage_client/failure.py`.
"""
