"""Whether what a configuration says of who comes in makes sense: clients, and operators of the management API.

- `check_authentication` judges the methods of `type: authentication`, with `check_issuer` for those whose tokens
  let in.
- `check_management` judges `server.management`: the token, and where the management API is served. It looks at the
  folder of the socket; the others do no I/O.

What may come in: judgements on who is asked who they are. What somebody may do then belongs to `authorization/`.
"""
