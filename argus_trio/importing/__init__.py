"""`argus-trio import`: from other programs' files to a configuration that `check` accepts.

    result       what comes of an import: the tree of a configuration, its variables, notes for the user
    emit         the tree as the text of a configuration

Clients' files are read by `argus_trio/client_files`, which knows nothing of our configuration.
Secrets leave the tree on the way: they become variables, whose values go into a file of their own.
Nothing is written here but by who writes files; everything else is a function of texts.
"""
