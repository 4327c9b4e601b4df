"""`argus-trio doctor`: what is wrong with a gateway, its file, its backends, and what to do.

    finding      what was found: what it is about, what is wrong, what to do
    examination  what is looked at: the file and what it says, the environment
    examine      every look in its order, all findings

A look is a function of an examination, in a file of its own. None changes anything; each has a deadline.
It asks a running gateway by `manage_client`; where none runs the file, the command starts one for a moment.
"""
