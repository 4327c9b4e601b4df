"""`argus-trio client`, in parts.

    address      the gateway's address, as the command line, the environment and the configuration have it
    bridge       the program that a client starts to reach it by stdio
    place        the client's file
    overview     all clients, their files, and which of them lead to the gateway already
    change       a client's file, with the entry or without

How a client's file is written is `argus_trio/client_files`. The command itself, `cli/client.py`, prints.
"""
