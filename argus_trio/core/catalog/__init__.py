"""What all backends show together, and where each name leads.

- `catalog` is the centre: one immutable snapshot, built from what the backends published (`Published`) and replaced as
  a whole. It gives ready list results and the `Route` of a name or a URI.
- `restricted` is a catalog as one perspective sees it, and keeps those that are in use.
- `names` decides which backend gets a name that several want; `templates` which URIs a template can mean, `uris` which
  of them mean the same; `paging` cuts long lists into pages and makes their cursors. `catalog` imports these, and they
  know nothing of it.
- `given_uris` remembers what a backend gave out beside its lists; `unknown` has the words for what is not there.
- `identity` merges what backends say of themselves into what the gateway says at `initialize` and `server/discover`.
- `sound` mends entries that clients would refuse a whole list for, or says why they are none; `remarks` gathers that,
  and notices a list that was halved or doubled.
- `storm` decides when to list again what keeps changing, `looks` when what nobody said has changed.

What may come in: pure functions of what backends show. Fetching lists, filtering them and announcing changes belong to
`backends`; nothing here knows a connection.
"""
