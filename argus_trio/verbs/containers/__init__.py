"""The verbs about containers: what they are seen to do. Which is which is said by the gateway; nothing is decided here.

    egress     what the containers of a backend tried to reach, and the lists that cover it

A container is never asked itself, and an engine neither: a verb knows the management API alone, as all verbs do. What
came from inside a container, such as the names of hosts, was chosen by what runs there: it passes `show/clean` before a
terminal, and is quoted where it is to be pasted into a configuration. With --json the answer is printed as it came, as
by every verb, and the exit codes are those of all verbs.
"""
