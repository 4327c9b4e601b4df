"""Who asks, and what that decides: values and pure decisions, for every edge and every method alike.

- `principal` is who asks, as far as it is known; it is decided for each request and never remembered.
- `arrival` is a request before its body is read: what admission judges by, and the errors that turn it away.
- `forwarded` finds the address of a client behind proxies that are trusted.
- `target` is what a call is aimed at; `rules` speak of targets, and `policy` decides by rules what there is for whom;
  `sight` is that decision for whole lists, with the rules joined.
- `conditions/` look into the arguments of a call.
- `credential` knows a credential of the file by its digest; `lock_out` says how long the refusal of a wrong one is held
  back; `resource_url` what endpoints and principals are called.
- `address_guard` says which addresses may be dialled where others name the URL.
- `denials` are the errors of what is not let pass.
- `access` is what the front end asks before anything else: one value, swapped by a reload.

What may come in: decisions that take values and `now`. Fetching keys, reading files and the order of the middleware
belong to `pipeline`; which backend has a name belongs to `catalog`.
"""
