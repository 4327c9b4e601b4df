"""Sockets below HTTP, where a plain one is worth less work than trio's own stream does for each read and write.

- `quick_socket.py` is such a socket as a stream: it waits where waiting is the rule, and tries where it is not.

What it is good for is a connection on which one task asks and then waits: nearly every byte of a backend comes through
here, several times for each call, and what is spared each time is a failed system call or a turn of the scheduler.
Whoever needs half-closing, or two tasks that write at the same time, takes trio's stream. TLS stands above that one,
since it reads and writes on its own account.
"""
