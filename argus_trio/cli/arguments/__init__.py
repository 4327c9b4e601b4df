"""The arguments of all commands. Nothing else is loaded here: help and completion have to be there at once.

    parser       the whole command, and what runs the gateway or reads its file
    coming       import, client and doctor
    verbs        what asks a running gateway
    intermixed   options before and behind what stands alone, and errors with a hint
    kinds        numbers, headers and JSON among the arguments

What a command then does stands beside this folder, in a file of its own; `main` knows which.
"""
