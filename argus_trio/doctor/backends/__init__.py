"""Why a backend is not ready, and what to do: what a gateway says of it, and a closer look from here.

diagnosis    what is wrong with one, and what to do
seen         how backends stand, as a gateway says it once each has ended its first attempt
trial        a gateway that runs for a moment, where none runs the file
words        what programs and engines say when they fail, in a table: what it means, what to do
outcome      one backend that is not as it should be, as findings
way          the way to a remote backend: name, port, proxy, TLS
trust        whose certificate a server shows, where it is not trusted
questions    what is asked there: an MCP greeting, and the stream of the older transport
answers      what an answer that is no MCP means, in a table
closer       all of that for one remote backend
names        names that clients refuse, and how many tools there are
own_address  the gateway's own certificate, and where its public address leads
look         all of it
"""
