"""From text to a tree whose values are filled in, with the line and the key path of everything.

In the order of use:

- `find` says which file is meant; `document` reads YAML (the only module that knows it) into a tree of `scalar`s;
- `key_path` names where a value stands; `findings` collects problems by key path and puts them on their lines;
- `interpolation` parses and fills `${...}`; `splice` does so for a whole tree, with the variables of an `env_file` too,
  and `sources` notes each file it reads;
- `locate` makes relative paths of a finished configuration absolute; `secrets` says which of its values to hide.

`check/` and `structure/` report into `findings` too.

What may come in: what has to do with the text and with where values come from. Whether a value fits its field is
`structure/`'s, whether values make sense together is `check/`'s.
"""
