"""The edges of `argus-trio import`: which files are read, and how the result is written.

    sources      files that are named, or all known places; whose each is; what could not be read
    placed       the configuration and its env file, both or none, never over anything that is there

What is in the files, and what becomes of it, is decided in `argus_trio/client_files` and `argus_trio/importing`,
which read and write nothing.

The env file is made readable by its owner alone before a byte is in it.
"""
