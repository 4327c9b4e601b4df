"""Pages that describe what there is: nothing of it changes while a gateway only serves.

    capabilities     what backends list, and what of it is hidden and why
    configuration    the configuration in effect, and what it allows whom
    documents        what the API says of itself: the OpenAPI document, the pages of problems

What may come in: pages on what was configured, listed or agreed. How it stands, and what is under way, is told by the
files beside this room.
"""
