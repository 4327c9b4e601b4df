"""The servers behind the gateway: connected to, kept up, and called for clients.

The rooms, top to bottom; each may import those below it, and none above:

- `routing`: which backend a request is for, and in which words it goes there;
- `supervisor.py`: all backends together, and how a new configuration takes effect;
- `generations.py`, `succession.py`, `drain.py`, `holds.py`: which configuration serves an exchange, how changed
  backends are replaced, how what was replaced ends, and what operators decided;
- `startup_grace.py`, `generation.py`, `status.py`: until when lists wait for a backend; one configuration with its
  catalog; how backends stand, as plain values;
- `scope`: one backend under supervision, with the calls and subscriptions of clients;
- `connectivity`: who is connected to one backend, and how that is kept up;
- `subscriptions`, `listings`: resource updates, and what a backend lists; neither knows the other;
- `connection`: one conversation with a backend, from the handshake on;
- `links`: the transports below a conversation; `process`: the processes of stdio backends.

An exchange comes in at `Generations.serve`, runs through the middleware of its generation, and reaches `routing`, which
calls the scope of one backend; the answer goes back the same way. What a backend says on its own comes up from its link
to the owner of the connection, and from there to the clients that it concerns.

Below are `config`, `net`, `core` and `wire`. The pipeline and the front end are not known here.
"""
