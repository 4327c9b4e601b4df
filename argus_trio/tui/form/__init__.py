"""A form of a JSON Schema: what a tool takes, or what it asks. Pure: values in, values out.

Empty so far; what is to come:
    schema    a schema with its `$ref`, `oneOf`, `anyOf` and `allOf` read: fields
    fields    the values of a form: what is typed, chosen, added
    update    how keys change a form
    judge     what is wrong with it before it is sent
    raw       the same as JSON, to and fro
"""
