"""The way to the management API of a running gateway, for all that look on from outside: the verbs and the dashboard.

    failure   the exit codes, and what ends a command
    where     which gateway is meant: the option, $ARGUS_URL, a socket of the same user, the usual address
    token     the token, out of a file or $ARGUS_TOKEN
    problems  a problem of the gateway as what a person is told, with its exit code
    requests  what a request is, and how its answer is read: sans I/O
    client    requests, answers and event streams, on trio (the verbs have a synchronous one of their own, so that they
              load no event loop: `verbs/link`)
    follow    an event stream that is opened again whenever it ends
    clean     text that others wrote, harmless for a terminal; how wide a text is there
    moments   times, durations and sizes in the words of people
    outline   a nested value as lines in the manner of YAML
    values    texts to values, as a schema wants them

It knows the contract and the network, and nothing of the gateway itself.
"""
