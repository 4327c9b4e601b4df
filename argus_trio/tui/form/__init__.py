"""A form of a JSON Schema: what a tool takes, or what it asks. Pure: values in, values out.

    spec      what is wanted at one place, and what a field says of itself
    reader    reads a schema: its `$ref`, `allOf`, `oneOf` and types, whatever is published
    node      the tree of values: what is typed, chosen, added at each place; made, and no more than so much at once
    rows      the tree as rows
    keys      what keys do to one row
    check     what is wrong with what is typed, while it is typed
    syntax    whether a text is JSON, and where it stops being so
    value     the tree as JSON
    filling   JSON as the tree
    judge     what is wrong with a value by the whole schema, within bounds; `told` has the words for it
    patterns  which patterns can be tried
    form      all of it: which row is meant, the form or the same as JSON, and how keys change it

Numbers and texts stay as they are typed. What is optional is left out until something is typed or chosen there.
"""
