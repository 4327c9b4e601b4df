"""One backend, and what operators do about it.

    change   restart, drain, enable, disable: looked up, asked, done, told
    log      the part that follows its log: paused, searched, filtered
    page     the page: five parts, of which one is shown, and the keys of each

Changes are told by the overview (`pages/overview.py`), which is always open: whoever asked for one and went on hears
what came of it. The views are in `screens/backend/`.
"""
