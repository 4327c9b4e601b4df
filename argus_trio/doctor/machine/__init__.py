"""What the doctor looks at on this machine: files, programs, ports, engines, caches, other gateways, clients.

    look_at_file     the configuration: every problem and warning of `check`, and who can read its secrets

Each look is a file. What blocks runs in a thread that is left behind when the look's time is over.
A finding that `check` has made is told once, by the look that knows most about it.


"""
