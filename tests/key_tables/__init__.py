"""The tables of keys in docs/configuration.md and docs/middleware.md, made from the JSON Schema of the file.

words.py           what a type and a default are called
tables.py          the rows of a class of the model, and a page with its tables made anew
test_key_tables.py a page that is stale fails; `--update` writes it
"""
