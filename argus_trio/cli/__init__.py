"""The command `argus-trio`: its arguments, and which part of the package runs what.

    main         from the arguments to an exit code
    parser       the arguments of all commands; loads nothing else, for help and completion have to be there at once
    verbs        the same of the verbs: what asks a running gateway
    intermixed   options before and behind what stands alone, and errors with a hint
    kinds        numbers, headers and JSON among the arguments
    gateway      serve and demo: here the gateway is loaded
    file         check, explain and schema
    isolated/    isolation: the plans of a file, by the engine of this machine
    bridge       stdio
    logged       the log of a command; `report` how one complains that loads the gateway
    completion   scripts for shells

Exit codes: 0 done, 1 a problem that the message names (of `explain`: it is denied), 2 wrong usage; those of the verbs
stand in `argus_trio/manage_client/failure.py`.
"""
