"""The file of the original itself: whose it is, which keys it may have, and each of its values while it is read.

    recognise    whose file it is: the original's, ours, or of both
    keys         the table: what each key of the original becomes, or what its user is told
    source       a file while it is read, key by key, with what is told of it
    told         what nobody read is told in the end
    texts        texts with variables, and references to the original's secret store

Secrets are found and moved as those of clients are.
What the values mean here is known by who reads them, one folder above.
"""
