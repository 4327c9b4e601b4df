"""From the tree of a file to the frozen values of `model/`, and from `model/` to the JSON Schema.

- `structure` makes a `Config` by cattrs (the only module besides `leaf` that knows it). What does not fit is reported
  and cut out, and the rest is structured again, so that later checks see everything that can be seen.
- `defaults` gives each backend what it does not say itself and the file's `defaults` do.
- `leaf` reads single values, and says what was expected where one does not fit (`Unfit`).
- `container` reads what is written in another shape than it is kept: a word for a mapping.
- `unknown` says what is meant by a key that is not known; `heritage` holds the tables of keys and shapes that other
  programs' configurations have.
- `schema` makes the JSON Schema; it asks `structure` which fields are keys.

What may come in: how a value is read, and the words of the report when it cannot be. Checks that need two values, or
the file system, belong to `check/`.
"""
