"""The stage of `type: authentication`: who asks, judged by header fields alone, before a body is read.

- `stage` is what a request meets: the readers in the order of the file, and what becomes of who brings nothing, or
  something wrong; `refusals` says it (RFC 6750, 3), `core.access.lock_out` how long a refusal is held back.
- `readers` find the credentials of the file, of a trusted proxy, and in `Authorization`. The first whose credential
  is there decides; one that is wrong is never tried on the next.
- `documents` are the metadata of the protected resources (RFC 9728).
- `jwt_method` reads tokens that an issuer has signed: `token_form` takes one apart, `token_rules` judges it, `jwt_keys`
  are an issuer's keys, `key_source` keeps them, `key_fetch` fetches them, `verified_tokens` spares the verifying.

Only `jwt_keys` and `token_rules` know PyJWT, and `pipeline.build` loads `jwt_method` only where a file has the method.

What may come in: one file for each further way to say who one is. What a principal may do belongs to `core.access`.
"""
