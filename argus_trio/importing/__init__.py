"""`argus-trio import`: from other programs' files to a configuration that `check` accepts.

    result         what comes of an import: the tree of a configuration, its variables, notes for the user
    secret_forms   what in a text looks like a secret
    variables      which variable stands for which secret, and texts with `${NAME}` in them
    naming         the names of backends
    commands       commands as they run here: without a shell of Windows, a question, a bridge
    dotenv         files of variables: clients' read, ours written
    entry          a declared server as the entry of a backend
    servers        all declared servers as one configuration
    emit           the tree as the text of a configuration
    checking       the text, judged by the loader of configurations
    telling        what the user is told
    original       a configuration of the original Argus, whole
    yaml_nodes     YAML for readers that know JSON alone

Clients' files are read by `argus_trio/client_files`, which knows nothing of our configuration.
Secrets leave the tree on the way: they become variables, whose values go into a file of their own.
Nothing is written here but by who writes files; everything else is a function of texts.
"""
