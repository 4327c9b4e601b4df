"""One request of one client: the values that every layer reads, and the interface that every edge implements.

- `exchange` is the centre. `Call` says what is asked and by whom; `Exchange` is the live part with the handles back to
  the client; `ClientSession` is a legacy session, for what belongs to no single call.
- `abilities` says what a client can be asked, and for whom lists are; `levels` which log messages it wants.
- `session_policy` says which connection to a backend a call may use: the one that clients share, or one of its client.
- `payer` says on whose share it counts what a call takes of something scarce, and how large a share may be.
- `tasks` knows which task id of the gateway means which task of which backend, and whose it is; `task_ids` exchanges
  those ids where they stand in results and params.
- `aims` reads what a call names, for rules to judge; `unknown_targets` has the errors for what is not there.
- `url_elicitation` turns a legacy backend's URLElicitationRequiredError into a modern `input_required` result.
- `via` names the gateways that a request has come by, so that one which is its own backend is noticed.
- `way_back` knows the words by which servers say that they cannot ask their client in the modern era.

`exchange` imports `abilities`, `payer` and `tasks` import `exchange`, `session_policy` imports `payer`; the others know
only `wire`.

What may come in: facts about a single call and its client, and pure decisions on them. How a call is carried belongs to
`frontend` and `backends`; which backend a name leads to belongs to `catalog`.
"""
