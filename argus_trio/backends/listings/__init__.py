"""What a backend lists: tools, prompts, resources and resource templates, fetched and made ready for the catalog.

`fetch.py` fetches one list page by page; `pages.py` bounds it, whatever the backend sends. `rounds.py` fetches those of
all kinds that a backend declares, and says what failed. `refresh.py` fetches again those that are due, which is kept
in `pending.py`: what the backend says has changed, at a pace that withstands one that says so without end, what failed,
and what may not be true any longer. `listing.py` reads pages, and applies filters and overrides to what was listed.

A list is fetched over a `Connection` that somebody else opened, and goes to whoever asked for it: the listings are held
in `connectivity/listings_by_abilities.py`, and merged with those of other backends in `core/catalog`.

`changes.py` compares the merged lists of two moments as each client sees them, so that changes are told to whom they
concern; `noted.py` tells the journal of them.

It uses `connection`. Nothing else here knows who a list is for, or of any other backend.
"""
