"""A client's file changed in one place: the entry that leads to the gateway, put in and taken out.

    snippets     the entry, as each client writes it, and the address that an entry which is there leads to
    editing      JSON with comments changed in one place, every other byte as it was
    toml_editing the same of TOML
    replacing    a file replaced: all of it or nothing, the old one beside it

All but the last are functions of texts. What cannot be changed safely is refused, and left as it is.
"""
