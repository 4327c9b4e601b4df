"""The contract of the management API: what can be asked at `/manage/v1/`, and what is answered, as frozen types.

    operation        what one operation is: method, path, right, query, body and answer
    problem          every problem that is answered, by the word in its type (RFC 9457)
    health           whether it works, how it stands
    backends         the backends, and how they are isolated
    capabilities     tools, prompts and resources, the hidden ones and why they are
    clients          sessions and exchanges
    events           what has happened, and figures
    control          what changes the running gateway
    calls            calls of tools, reads and prompts, and what they ask
    settings         the configuration, explanations, the level of the log, logs of backends
    openapi          all operations, and the OpenAPI document that is made of them
    sockets          where gateways have their Unix sockets, for who looks for one
    address          the address of a gateway, as the bridge and the commands take it

The gateway encodes these, the commands read them, and `docs/openapi.json` is made of them. Times are RFC 3339 in UTC,
durations are seconds unless the name says `_ms`. A member that is nothing is null, and never left out.
"""
