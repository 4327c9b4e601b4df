"""One server in the words of each published SDK, whose tools ask their client.

`who` asks with a form, `think` for a model's words, `where` for the roots. They are programs of their own, in
environments of their own; nothing here is imported.
"""
