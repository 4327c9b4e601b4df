"""What the doctor looks at on this machine, each look in a file.

    words              what problems of `check` are about, where a look knows more of it
    look_at_file       the configuration: what `check` says of it, and who can read its secrets
    look_at_variables  variables that are not set, with the backends that need them
    look_at_programs   programs of backends that run bare
    look_at_ports      addresses to listen at: who holds them
    look_at_engine     the container engine, and what is refused because of it
    look_at_caches     npx's folders that are half there, caches that cannot be written
    look_at_gateways   two gateways on one file, one that runs an older file or is another version
    look_at_clients    clients' files that name servers directly, or lead past the gateway
    look_at_limits     disks, open files, memory, the clock: only what bites

What blocks runs in a thread that is left behind when the look's time is over. A finding that `check` has made is told
once, by the look that knows most about it.
"""
