"""A form of a JSON Schema: what a tool takes, or what it asks. Pure: values in, values out.

    spec   what a schema wants at one place, its `$ref`, `allOf`, `oneOf` and types read
    node   the tree of values: what is typed, chosen, added at each place
    value  the tree as JSON, and JSON as the tree
    judge  what is wrong with a value by the whole schema
    form   the tree as rows, which of them is meant, and how keys change it; or the same as JSON

Numbers and texts stay as they are typed. What is optional is left out until something is typed or chosen there.
"""
