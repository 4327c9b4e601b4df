"""A view for each page and for the whole: values to widgets. Views keep no state and decide nothing.

    views     which page is shown by which view
    shell     the whole: head, tabs, page, notice, foot, and what lies over it
    frame/    head, foot, and what lies over a page
    overview  the gateway in a line, and its backends
    tools     tools, resources and prompts, one of them, and the calls that were
    calling/  forms, calls and what they ask
    traffic   calls under way, and sessions
    observed  the configuration, the tree, the events
    record    one thing of a list, in full

A view is given its page, the world and how many columns and rows it has. Whatever a server or a user wrote is shown
through `kit/cells.py` or `manage_client/clean.py`.
"""
