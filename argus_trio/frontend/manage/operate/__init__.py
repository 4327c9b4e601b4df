"""The pages by which operators change the running gateway; who makes the changes is the gateway's `Control`.

    reload      reads the file again, and tells how the latest time went
    control     restart, drain, enable and disable; checks of configurations; the stop
    if_match    whether what an operator saw of a backend is how it is

A change is made in the name of who asks, one after another, and goes on if who asked has gone. The configuration itself
is a file and is never written here: what operators decide about a backend lasts in memory.
"""
