"""`argus-trio doctor`: what is wrong with a gateway, its file, its backends, and what to do.

    finding      what was found: what it is about, what is wrong, what to do
    processes    gateways among the processes of this machine, and who listens where
    running      the gateways that run: which of them runs the file, where it answers, and as whom it is asked
    examination  what is looked at: the file and what it says, the environment, the gateways that run
    reading      the file as far as it can be read, with the variables of the gateway that runs it
    examine      every look in its order, side by side, all findings
    machine/     looks at this machine
    backends/    the look at backends: which is not ready, why, and what to do

A look is a function of an examination, in a file of its own. None changes anything; each has a deadline.
It asks a running gateway by `manage_client`; where none runs the file, the command starts one for a moment.
"""
