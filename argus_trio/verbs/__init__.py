"""The verbs of `argus-trio`: a running gateway looked at and changed over its management API.

    run        one verb from its options to its exit code
    verb       what each is given
    link/      the way to the gateway
    show/      what is written
    ask/       what a tool asks meanwhile
    overview   status, backends
    clients    sessions, exchanges, cancel
    settings   config, explain, log-level
    catalog    tools
    arguments  `key=value` by a tool's schema
    calls      call, read, prompt
    events     events; `logs` logs; `follow` what both do with -f
    containers/ egress
    changes    reload, restart, drain, enable, disable, shutdown, config validate

A program of its own: it knows the contract and neither the gateway nor its libraries, so that it begins at once. What
it reads and sends are the types of `contract/`.
"""
