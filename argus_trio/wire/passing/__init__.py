"""What only passes: bytes that are spliced as they came, and what has to be known of them all the same.

- `depth` says how deeply a text nests, without reading it: C walks its bytes, Python a few of their sums.
- `utf8` says whether a text is UTF-8, without keeping it; `mending` makes one readable that is not, or holds half an
  emoji.
- `known_result` reads a large result of a tool once, as part of its message, and puts aside the few of its words that
  concern the gateway: nobody searches the rest for them.

They are asked by `envelope`, before there is a message; nothing here imports anything of the package.

What may come in: a look at every byte that the gateway hands on and does not act on. It costs less than a microsecond
for each KB, or it does not come in.
"""
