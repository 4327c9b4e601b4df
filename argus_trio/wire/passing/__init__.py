"""What only passes: bytes that are spliced as they came, and what has to be known of them all the same.

- `depth` says how deeply a text nests, without reading it: C walks its bytes, Python a few of their sums.
- `own_words` has the few words of a large result that concern the gateway: where it is read anyway, once, they are
  put aside, and nobody searches the rest for them.

Both are asked by `envelope`, before there is a message; nothing here knows JSON-RPC, and a result by its members only.

What may come in: a look at every byte that the gateway hands on and does not act on. It costs less than a microsecond
for each KB, or it does not come in.
"""
